"""What a running call may ask about itself, and the errors of calls that do not run or are cut short."""

from __future__ import annotations

import inspect
from collections.abc import Container
from typing import Any

from clutch_worker._errors import call_error
from clutch_worker._protocol import CANCELLED, Cancel, Run
from clutch_worker._registry import Function
from clutch_worker._session import Session


class CurrentCalls:
    """Answers for `_api`: `cancels` has the seq of each call that is to be cancelled. Read from any thread."""

    def __init__(
        self, session: Session, functions: list[Function], states: dict[str, Any], cancels: Container[int]
    ) -> None:
        self._session = session
        self._functions = functions
        self._states = states
        self._cancels = cancels

    def function_name(self, record: Run) -> str:
        return self._functions[record.function].name

    def metadata(self, record: Run) -> dict[str, str]:
        return dict(self._session.payload(record.seq).metadata)

    def attempt(self, record: Run) -> int:
        return self._session.payload(record.seq).attempt

    def deadline_ns(self, record: Run) -> int:
        return self._session.payload(record.seq).deadline

    def is_cancelled(self, record: Run) -> bool:
        return record.seq in self._cancels

    def module_state(self, record: Run) -> Any:
        module = self._functions[record.function].module
        try:
            return self._states[module]
        except KeyError:
            raise LookupError(f"module '{module}' has no lifespan, so it has no clutch_worker.state") from None


def is_a_stream(function: Function) -> dict[str, Any]:
    """The refusal of a plain call of a generator: streams have records of their own."""
    kind = "an async generator" if function.kind == "async_generator" else "a generator"
    return call_error("invalid_argument", "run", "not_started", f"{function.name} is {kind}: read it with stream")


def raised_within(error: TypeError, function: Function, positional: Any, keywords: dict[str, Any]) -> bool:
    """Whether a TypeError, caught where the function was called, came out of its code, and not of the arguments."""
    traceback = error.__traceback__
    if traceback is None or traceback.tb_next is not None:
        return True
    # What is not Python leaves no frame. A signature that a wrapper shows of what it wraps would say nothing of it.
    try:
        inspect.signature(function.call, follow_wrapped=False).bind(*positional, **keywords)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True


def cancelled(cancel: Cancel, stage: str, certainty: str) -> dict[str, Any]:
    if cancel.why == CANCELLED:
        return call_error("cancelled", stage, certainty, "the caller cancelled it")
    return call_error("deadline_exceeded", stage, certainty, "its deadline passed")


def expired() -> dict[str, Any]:
    """The refusal of a call whose time to begin is over."""
    message = "its time to begin was over before a worker came to it"
    return call_error("deadline_exceeded", "queue", "not_started", message)
