"""protocol/vectors against the Python worker: what C++ must read the same way."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clutch_worker._protocol import RemoteProtocolError
from clutch_worker._scan import ValueFault, scan
from clutch_worker._session import Session, decode_config
from clutch_worker._values import ArgumentFault, check

VECTORS = Path(__file__).parents[2] / "protocol" / "vectors"
MESSAGES = json.loads((VECTORS / "messages.json").read_text())
VALUES = json.loads((VECTORS / "values.json").read_text())
RECEIVED = {"worker-data-in", "worker-control-in"}
# Apart on the wire, one key in a Python dict: the worker must not lose one of them in silence.
SAME_IN_PYTHON = {
    f"different_keys_{what}" for what in ("int_float", "zero_minus_zero", "true_one", "one_microsecond")
}


def named(vectors: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", vectors, ids=[vector["name"] for vector in vectors])


def receive(vector: dict[str, Any]) -> list[list[Any]]:
    session = Session(vector["epoch"])
    frames = [bytes.fromhex(frame) for frame in vector["frames"]]
    if vector["link"] == "worker-control-in":
        return [[tag(record), *msgspec.structs.astuple(record)] for record in session.receive_control(frames)]
    return [fields(record) for record in session.decode_data(frames)[0]]


def tag(record: Any) -> int:
    return record.__struct_config__.tag


def fields(record: Any) -> list[Any]:
    if tag(record) == 1:
        return [1, msgspec.structs.asdict(decode_config(record.config))]
    values = [value for value in msgspec.structs.astuple(record) if value is not msgspec.UNSET]
    return [2, *(msgspec.msgpack.decode(value) if isinstance(value, msgspec.Raw) else value for value in values)]


def from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"bin"}:
            return bytes.fromhex(value["bin"])
        return {key: from_json(item) for key, item in value.items()}
    return value


@named([vector for vector in MESSAGES if vector["link"] in RECEIVED and vector["ok"]])
def test_a_good_message_is_read(vector: dict[str, Any]) -> None:
    assert receive(vector) == from_json(vector["records"])


@named([vector for vector in MESSAGES if vector["link"] in RECEIVED and not vector["ok"]])
def test_a_malformed_message_is_refused_for_its_fault(vector: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        receive(vector)
    assert caught.value.reason == vector["error"]


@named(
    [
        vector
        for vector in MESSAGES
        if vector["link"].startswith("worker-") and vector["link"] not in RECEIVED and vector["ok"]
    ]
)
def test_what_the_worker_sends_has_these_bytes(vector: dict[str, Any]) -> None:
    assert Session(vector["epoch"]).encode(from_json(vector["records"])).hex() == vector["frames"][0]


def tagged(value: Any) -> Any:
    """values.json's form of what Python decoded, of which datetime keeps microseconds alone."""
    if isinstance(value, dict):
        return {"map": [[tagged(key), tagged(item)] for key, item in value.items()]}
    if isinstance(value, list):
        return [tagged(item) for item in value]
    if isinstance(value, float):
        return {"float": struct.pack(">d", value).hex()}
    if value is None or isinstance(value, bool):
        return value
    kind = {int: "int", str: "str", bytes: "bin"}[type(value)]
    return {kind: value.hex() if kind == "bin" else str(value)}


@named(VALUES)
def test_a_value_is_scanned(vector: dict[str, Any]) -> None:
    if vector["ok"] and vector["name"] not in SAME_IN_PYTHON:
        scan(bytes.fromhex(vector["hex"]))
        return
    with pytest.raises(ValueFault) as caught:
        scan(bytes.fromhex(vector["hex"]))
    assert caught.value.reason == vector.get("error", "same_in_python")


@named(VALUES)
def test_the_check_before_a_call_agrees_with_the_scanner(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    if vector["ok"] and vector["name"] not in SAME_IN_PYTHON:
        check(data)
    else:
        with pytest.raises(ArgumentFault):
            check(data)


@named([vector for vector in VALUES if "value" in vector and "timestamp" not in json.dumps(vector["value"])])
def test_a_value_is_decoded(vector: dict[str, Any]) -> None:
    assert tagged(msgspec.msgpack.decode(bytes.fromhex(vector["hex"]))) == vector["value"]


def test_the_vectors_are_what_their_script_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(VECTORS))
    import messages  # type: ignore[import-not-found]
    import values  # type: ignore[import-not-found]

    assert json.loads(json.dumps(messages.messages())) == MESSAGES
    assert json.loads(json.dumps(values.values())) == VALUES
