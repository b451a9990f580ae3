"""What a function can learn of the call it serves."""

import clutch_worker


async def describe() -> dict[str, object]:
    call = clutch_worker.current_call()
    return {
        "function": call.function,
        "attempt": call.attempt,
        "traceparent": call.metadata.get("traceparent", "none"),
        "seconds_left": call.time_left,
        "cancelled": call.cancelled,
    }
