"""Functions that fail before they succeed."""

import clutch_worker


class Busy(Exception):
    """The other side asks to be left alone for a moment."""


async def third_time_lucky() -> str:
    """Raises Busy twice for each call, then answers: it asks which attempt this is."""
    attempt = clutch_worker.current_call().attempt
    if attempt < 3:
        raise Busy(f"attempt {attempt} came too early")
    return f"answered at attempt {attempt}"
