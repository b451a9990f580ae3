from __future__ import annotations

from typing import Any

import msgspec
import pytest

from clutch_worker._errors import describe, raised
from clutch_worker._protocol import ERROR_BYTES_MAX


class Hostile(Exception):
    def __str__(self) -> str:
        raise SystemExit("no text")


class Surrogate(Exception):
    def __str__(self) -> str:
        return "\ud800\x1b"


def caught(body: Any) -> BaseException:
    try:
        body()
    except BaseException as error:
        return error
    raise AssertionError("it did not raise")


def chain(length: int) -> Exception:
    error = Exception("0")
    for n in range(1, length):
        outer = Exception(str(n))
        outer.__cause__, error = error, outer
    return error


def depth(data: dict[str, Any]) -> int:
    return 1 + depth(data["cause"]) if "cause" in data else 1


def left_out(data: dict[str, Any]) -> int:
    return data["left_out"] + (left_out(data["cause"]) if "cause" in data else 0)


def test_five_thousand_causes() -> None:
    data = describe(chain(5000))
    assert depth(data) == 9
    assert left_out(data) == 5000 - 9


def test_a_cycle_of_causes_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert depth(describe(one)) == 2


def test_context_counts_where_it_is_not_suppressed() -> None:
    def implicit() -> None:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second")  # noqa: B904

    def suppressed() -> None:
        try:
            raise KeyError("first")
        except KeyError:
            raise ValueError("second") from None

    data = describe(caught(implicit))
    assert (data["cause"]["type"], data["explicit"]) == ("KeyError", False)
    assert "cause" not in describe(caught(suppressed))


def test_notes_come_in_their_order_up_to_a_bound() -> None:
    error = ValueError("noted")
    assert describe(error)["notes"] == []
    for n in range(20):
        error.add_note(f"note {n}")
    assert describe(error)["notes"] == [f"note {n}" for n in range(16)]


def test_groups_are_bounded() -> None:
    wide: BaseExceptionGroup[Any] = ExceptionGroup("wide", [ValueError(str(n)) for n in range(100)])
    data = describe(wide)
    assert (len(data["group"]), data["left_out"]) == (16, 84)
    for _ in range(50):
        wide = BaseExceptionGroup("nested", [wide, *(ValueError("x" * 100) for _ in range(20))])
    assert len(msgspec.msgpack.encode(describe(wide))) < ERROR_BYTES_MAX


def test_hostile_exceptions_are_described_all_the_same() -> None:
    assert describe(Hostile())["message"] == "<its __str__ raised SystemExit>"
    assert describe(Surrogate())["message"] == "\\ud800\x1b"
    loud = Exception("x" * 10_000_000)
    loud.add_note("n" * 10_000_000)
    assert len(msgspec.msgpack.encode(raised(loud))) < ERROR_BYTES_MAX
    odd = Exception("odd")
    odd.__notes__ = [1, "two", None]  # type: ignore[list-item]
    assert describe(odd)["notes"] == ["two"]


class HostileName(type):
    @property
    def __module__(cls) -> str:  # type: ignore[override]
        raise SystemExit("no module")


class Nameless(Exception, metaclass=HostileName):
    pass


class Subtext(str):
    def __str__(self) -> str:
        raise SystemExit("no text")

    def encode(self, *_: Any) -> bytes:  # type: ignore[override]
        raise SystemExit("no bytes")


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit, KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize(
    "name",
    ["__cause__", "__context__", "__suppress_context__", "__traceback__", "__notes__", "__class__", "__dict__", "args"],
)
def test_whatever_an_attribute_of_an_exception_does(name: str, kind: type[BaseException]) -> None:
    """Else nobody would be told that its call failed."""

    def refuses(self: Any) -> None:
        raise kind

    data = raised(type("Named", (Exception,), {name: property(refuses)})("text"))["exception"]
    assert data["type"].endswith("Named")


def test_classes_and_texts_that_refuse() -> None:
    class Group(ExceptionGroup[Any]):
        exceptions = 7  # type: ignore[assignment]

    assert describe(Nameless("text"))["type"] == "an exception without a name"
    assert [member["type"] for member in describe(Group("several", [ValueError()]))["group"]] == ["ValueError"]
    assert describe(Exception(Subtext("text")))["message"] == "<its __str__ raised SystemExit>"
    noted = Exception()
    noted.__notes__ = [Subtext("note")]
    assert describe(noted)["notes"] == ["note"]


def test_a_deep_recursion_keeps_both_ends() -> None:
    def recurse(n: int) -> None:
        if n:
            recurse(n - 1)
        raise ValueError("bottom")

    text = describe(caught(lambda: recurse(500)))["traceback"]
    assert "frames left out" in text
    assert text.startswith("Traceback (most recent call last):\n")
    assert text.endswith("ValueError: bottom\n")
    assert len(text) < 64 << 10


def test_a_syntax_error_shows_its_line() -> None:
    error = caught(lambda: compile("def broken(:\n", "app.py", "exec"))
    assert "def broken(:" in describe(error)["traceback"]


@pytest.mark.parametrize(("error", "message"), [(ValueError("no"), "ValueError: no"), (ValueError(), "ValueError")])
def test_the_message_is_pythons_last_line(error: Exception, message: str) -> None:
    data = raised(error)
    assert (data["message"], data["code"], data["stage"], data["certainty"]) == (message, "failed", "run", "started")
