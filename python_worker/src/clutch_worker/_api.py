"""What user code sees: marks on functions, the current call, and the state its module's lifespan gave.

Imports the standard library alone, since `python -m clutch_worker` loads it before the check for missing packages.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

LIMIT_MARK = "__clutch_limit__"
LIFESPAN_MARK = "__clutch_lifespan__"


class Calls(Protocol):
    """What a call's record must be asked of its worker, because no object a call is made to hold it."""

    def function_name(self, record: Any) -> str: ...
    def metadata(self, record: Any) -> dict[str, str]: ...
    def attempt(self, record: Any) -> int: ...
    def deadline_ns(self, record: Any) -> int: ...
    def is_cancelled(self, record: Any) -> bool: ...
    def module_state(self, record: Any) -> Any: ...


# The record of its RUN, set in the context of each call: an object that exists anyway, so that none is made for it.
current: ContextVar[Any] = ContextVar("clutch_current")
_calls: Calls | None = None


def serve(calls: Calls) -> None:
    """From now on `calls` answers for the records in contexts: there is one worker in a process."""
    global _calls
    _calls = calls


def _current() -> tuple[Calls, Any]:
    record = current.get()
    if _calls is None:
        raise LookupError
    return _calls, record


class CurrentCall:
    """The call that is running. Read it from the call's own task or thread, or one that inherited its context."""

    __slots__ = ("_calls", "_record")

    def __init__(self, calls: Calls, record: Any) -> None:
        self._calls = calls
        self._record = record

    @property
    def id(self) -> int:
        """The call's number, as logs and errors of the supervisor name it."""
        return cast(int, self._record.call)

    @property
    def function(self) -> str:
        """`module.function`."""
        return self._calls.function_name(self._record)

    @property
    def attempt(self) -> int:
        """1 for the first attempt, counting upwards with retries."""
        return self._calls.attempt(self._record)

    @property
    def metadata(self) -> dict[str, str]:
        """What the caller sent along; a dict of your own."""
        return self._calls.metadata(self._record)

    @property
    def time_left(self) -> float | None:
        """Seconds until the caller stops waiting, negative once past; None if it set no deadline."""
        deadline = self._calls.deadline_ns(self._record)
        return (deadline - time.monotonic_ns()) / 1e9 if deadline else None

    @property
    def cancelled(self) -> bool:
        """Whether the caller cancelled, or its deadline passed. In a thread, ask: nothing interrupts it."""
        return self._calls.is_cancelled(self._record)


def current_call() -> CurrentCall:
    """The call that is running. Raises LookupError outside of one."""
    try:
        calls, record = _current()
    except LookupError:
        raise LookupError("no clutch call is running here") from None
    return CurrentCall(calls, record)


class State:
    """What the lifespan of the current call's module yielded: `state.name` is that object's attribute `name`.

    `state.get()` is the object itself, for one that is no bag of attributes or has a `get` of its own.
    Both raise LookupError outside a call and in a module without a lifespan.
    """

    __slots__ = ()

    def get(self) -> Any:
        """The object that the lifespan yielded."""
        try:
            calls, record = _current()
        except LookupError:
            raise LookupError("clutch_worker.state exists only inside a call") from None
        return calls.module_state(record)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # inspection (copy, pickle, doctest) asks for these outside of calls
            raise AttributeError(name)
        return getattr(self.get(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.get(), name, value)

    def __repr__(self) -> str:
        return "<clutch_worker.state>"


state = State()


def limit(count: int, *, per: str = "worker") -> Callable[[F], F]:
    """At most `count` calls of the marked function run at once: in each worker, or, with per="pool", in all of them.

    Raises TypeError or ValueError where the decorator is written, if the arguments make no sense.
    """
    if isinstance(count, bool) or not isinstance(count, int):
        raise TypeError("clutch_worker.limit takes a number: @clutch_worker.limit(4)")
    if count < 1:
        raise ValueError("clutch_worker.limit must be at least 1")
    if per not in ("worker", "pool"):
        raise ValueError('clutch_worker.limit: per is "worker" or "pool"')

    def mark(function: F) -> F:
        setattr(function, LIMIT_MARK, (count, per))
        return function

    return mark


def lifespan(function: F) -> F:
    """Marks the module's lifespan: an async generator function that yields once, bare or under `asynccontextmanager`.

    It is entered on the worker's loop before the worker takes calls and left after the last one; what it yields
    is `clutch_worker.state`. A module has at most one.
    """
    if not callable(function) or not inspect.isasyncgenfunction(inspect.unwrap(function)):
        raise TypeError("clutch_worker.lifespan marks an async generator function: async def, with one yield")
    setattr(function, LIFESPAN_MARK, True)
    return function
