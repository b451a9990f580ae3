"""An exception as plain data: PROTOCOL.md, "Errors". Bounded in every direction, and never fails on a hostile one."""

from __future__ import annotations

import os
import traceback
from types import TracebackType
from typing import Any

from clutch_worker._protocol import CAUSES_MAX, ERROR_BYTES_MAX, GROUP_MEMBERS_MAX

MESSAGE_CHARS_MAX = 16 << 10
TRACEBACK_CHARS_MAX = 64 << 10
NOTES_MAX = 16
NODES_MAX = 64  # exceptions in one error: groups within causes within groups would multiply
_FRAMES_FIRST, _FRAMES_LAST = 16, 48
# All texts of one error; escaped or of four bytes a character, they still fit the record's bound.
_TEXT_CHARS_MAX = ERROR_BYTES_MAX // 5
# Past what a class may have put in their place.
_cause_of: Any = BaseException.__dict__["__cause__"].__get__
_context_of: Any = BaseException.__dict__["__context__"].__get__
_is_suppressed_in: Any = BaseException.__dict__["__suppress_context__"].__get__
_traceback_of: Any = BaseException.__dict__["__traceback__"].__get__
_members_of: Any = BaseExceptionGroup.__dict__["exceptions"].__get__
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def call_error(
    code: str, stage: str, certainty: str, message: str, exception: BaseException | None = None
) -> dict[str, Any]:
    """The map of an ERROR. Raises nothing, whatever `exception` does when it is asked for its text."""
    error: dict[str, Any] = {
        "code": code,
        "stage": stage,
        "certainty": certainty,
        "message": _clean(message, MESSAGE_CHARS_MAX),
    }
    if exception is not None:
        error["exception"] = describe(exception)
    return error


def raised(exception: BaseException, stage: str = "run", certainty: str = "started") -> dict[str, Any]:
    """The map of an ERROR for what user code raised."""
    data = describe(exception)
    head = f"{data['type']}: {data['message']}" if data["message"] else data["type"]
    error = call_error("failed", stage, certainty, head)
    error["exception"] = data
    return error


def describe(exception: BaseException) -> dict[str, Any]:
    """PROTOCOL.md's exception map: at most 8 causes deep and 16 members wide, a cycle is cut."""
    return _Describer().describe(exception, 0)


class _Describer:
    def __init__(self) -> None:
        self._chars_left = _TEXT_CHARS_MAX
        self._nodes_left = NODES_MAX
        self._seen: set[int] = set()

    def describe(self, exception: BaseException, depth: int) -> dict[str, Any]:
        self._seen.add(id(exception))
        self._nodes_left -= 1
        data: dict[str, Any] = {
            "type": self._text(_type_name(type(exception)), 512),
            "message": self._text(_message(exception), MESSAGE_CHARS_MAX),
            "traceback": self._text(_traceback(exception), TRACEBACK_CHARS_MAX),
            "notes": [self._text(note, MESSAGE_CHARS_MAX) for note in _notes(exception)],
            "explicit": _cause_of(exception) is not None,
            "group": [],
            "left_out": 0,
        }
        members = _members_of(exception) if _is_a(exception, BaseExceptionGroup) else ()
        for position, member in enumerate(members):
            if position >= GROUP_MEMBERS_MAX or self._is_full(depth):
                data["left_out"] += len(members) - position
                break
            if id(member) in self._seen:
                data["left_out"] += 1
            else:
                data["group"].append(self.describe(member, depth + 1))
        cause = _cause_or_context(exception)
        if cause is None or id(cause) in self._seen:
            return data
        if self._is_full(depth):
            data["left_out"] += _chain_length(cause)
        else:
            data["cause"] = self.describe(cause, depth + 1)
        return data

    def _is_full(self, depth: int) -> bool:
        return depth >= CAUSES_MAX or self._nodes_left <= 0 or self._chars_left <= 0

    def _text(self, text: str, chars_max: int) -> str:
        cut = _clean(text, min(chars_max, self._chars_left))
        self._chars_left -= len(cut)
        return cut


def _clean(text: str, chars_max: int) -> str:
    if len(text) > chars_max:
        text = text[: max(0, chars_max - 20)] + " … (cut)"[:chars_max]
    return text.encode("utf-8", "backslashreplace").decode()


def _chain_length(exception: BaseException | None) -> int:
    seen: set[int] = set()
    while exception is not None and id(exception) not in seen:
        seen.add(id(exception))
        exception = _cause_or_context(exception)
    return len(seen)


def _cause_or_context(exception: BaseException) -> BaseException | None:
    cause: BaseException | None = _cause_of(exception)
    if cause is None and not _is_suppressed_in(exception):
        cause = _context_of(exception)
    return cause


def _is_a(value: object, kind: type) -> bool:
    """As isinstance, but for what the value says of its class."""
    return issubclass(type(value), kind)


def _type_name(kind: type) -> str:
    try:
        module, name = str(kind.__module__), str(kind.__qualname__)
        return name if module == "builtins" else f"{module}.{name}"
    except BaseException:  # a metaclass may do anything
        return "an exception without a name"


def _message(exception: BaseException) -> str:
    try:
        text = str(exception)
    except BaseException as error:
        return f"<its __str__ raised {_type_name(type(error))}>"
    return str.__str__(text)


def _notes(exception: BaseException) -> list[str]:
    try:
        notes = getattr(exception, "__notes__", None)
    except BaseException:
        return []
    if type(notes) is not list and type(notes) is not tuple:
        return []
    return [str.__str__(note) for note in notes if _is_a(note, str)][:NOTES_MAX]


def _traceback(exception: BaseException) -> str:
    """As Python prints it, without our own frames at its top and without the causes, which are beside it."""
    try:
        frames = _frames(_traceback_of(exception))
        left_out = len(frames) - _FRAMES_FIRST - _FRAMES_LAST
        if left_out > 0:
            first = traceback.StackSummary.extract(iter(frames[:_FRAMES_FIRST]))
            last = traceback.StackSummary.extract(iter(frames[-_FRAMES_LAST:]))
            lines = [*first.format(), f"  … {left_out} frames left out\n", *last.format()]
        else:
            lines = traceback.StackSummary.extract(iter(frames)).format()
        if _is_a(exception, SyntaxError):
            final = "".join(traceback.format_exception_only(exception))
        else:
            message = _message(exception)
            final = f"{_type_name(type(exception))}{': ' if message else ''}{message}\n"
            final += "".join(f"{note}\n" for note in _notes(exception))
        return ("Traceback (most recent call last):\n" if frames else "") + "".join(lines) + final
    except BaseException as error:  # a __getattr__, a loader's get_source: whatever formatting meets
        return f"<the traceback could not be formatted: {_type_name(type(error))}>"


def _frames(tb: TracebackType | None) -> list[tuple[Any, int]]:
    frames = list(traceback.walk_tb(tb))
    start = 0
    while start < len(frames) and _is_plumbing(frames[start][0].f_code.co_filename):
        start += 1
    return frames[start:] or frames[-1:]


def _is_plumbing(filename: str) -> bool:
    return filename.startswith(_HERE) or filename.startswith("<frozen importlib") or "/importlib/" in filename
