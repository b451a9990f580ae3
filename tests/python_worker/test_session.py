from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clutch_worker._protocol import RemoteProtocolError
from clutch_worker._session import Session

encode = msgspec.msgpack.encode


def message(*records: Any, incarnation: int = 7) -> bytes:
    return encode([1, incarnation, *records])


def run(seq: int, function: int = 0, **extras: Any) -> list[Any]:
    return [2, seq, seq + 100, function, 0, b"\x90", *([extras] if extras else [])]


@pytest.fixture
def session() -> Session:
    session = Session(7)
    session.registered(2)
    return session


def test_runs_are_numbered_without_a_gap(session: Session) -> None:
    assert [record.seq for record in session.receive_runs([message(run(1), run(2))])] == [1, 2]
    assert [record.seq for record in session.receive_runs([message(run(3, metadata={"a": "b"}))])] == [3]
    assert session.payload(3).metadata == {"a": "b"}
    for seq in (3, 5, 0):
        with pytest.raises(RemoteProtocolError, match="out_of_order"):
            session.receive_runs([message(run(seq))])


def test_a_stream_is_a_run_with_credit(session: Session) -> None:
    session.receive_runs([message(run(1, stream=[3, 4]), run(2, attempt=2), run(3))])
    assert [session.payload(seq).credit for seq in (1, 2, 3)] == [(3, 4), None, None]
    session.receive_runs([message(run(4, stream=[2**40, 0]), run(5))])
    assert [session.payload(seq).credit for seq in (4, 5)] == [(2**40, 0), None]
    assert session.payload(4).attempt == 1
    for credit in ([], [1], [1, 2, 3], [-1, 2], "ab", None):
        with pytest.raises(RemoteProtocolError, match="wrong_field"):
            session.receive_runs([message(run(6), run(7, stream=credit))])
    assert session.last_seq == 5
    assert session.payload(7).credit is None


def test_a_message_is_taken_whole_or_not_at_all(session: Session) -> None:
    for bad in (run(2, function=2), run(3), run(2, attempt=-1)):
        with pytest.raises(RemoteProtocolError):
            session.receive_runs([message(run(1, stream=[1, 1]), bad)])
        assert session.last_seq == 0
        assert session.payloads == {}
    assert session.receive_runs([message(run(1))])


def test_nothing_runs_before_register() -> None:
    with pytest.raises(RemoteProtocolError, match="out_of_order"):
        Session(7).receive_runs([message(run(1))])


def test_boot_is_first_and_alone() -> None:
    with pytest.raises(RemoteProtocolError, match="out_of_order"):
        Session(7).receive_boot([message()])


@given(st.binary(max_size=64))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    for read in (Session(7).receive_runs, Session(7).receive_control, Session(7).receive_boot):
        try:
            read([data])
        except RemoteProtocolError:
            continue


@given(st.binary(min_size=1, max_size=8), st.integers(0, 60))
def test_a_damaged_message_is_read_or_refused(noise: bytes, at: int) -> None:
    session = Session(7)
    session.registered(1)
    good = message(run(1, frames=[[0, 1]], metadata={"k": "v"}), run(2))
    at %= len(good)
    try:
        session.receive_runs([good[:at] + noise + good[at + len(noise) :], b"frame"])
    except RemoteProtocolError:
        assert session.last_seq == 0
