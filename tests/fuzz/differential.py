"""The same bytes to the C++ and to the Python decoders: both take them as the same, or both refuse them.

differential.py DECODE [--seconds S] [--seed N]   DECODE is the program clutch_decode

First the shared vectors and the kept corpus, then random inputs until the time is over. Values must be refused for the
same reason, too. Of a message that has several faults each side may name another, so there only the verdict counts;
that of a message with one is in the vectors.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python_worker" / "src"))

import corpus
from mutations import Generator, damaged

from clutch_worker._protocol import RemoteProtocolError
from clutch_worker._results import prepare
from clutch_worker._scan import ValueFault, scan
from clutch_worker._session import Session, decode_config
from clutch_worker._values import ArgumentFault, check

BATCH = 500
EPOCH = 7
UTC_1970 = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
# A doubled key of a large map at its end, a container as a key once its whole head is there: what else is wrong may
# come first. That bytes are missing each notices when it does: what is missing at the end is known early or late.
SEEN_LATER_BY_CPP = ("duplicate_key", "bad_key")
UNKNOWN = "a time that Python's datetime cannot hold"


class Input(NamedTuple):
    kind: str  # "value", or a link of the worker's
    data: bytes
    frames: int = 0

    def line(self) -> str:
        if self.kind == "value":
            return f"value {self.data.hex()}"
        return f"{self.kind} {EPOCH} {self.frames} {self.data.hex()}"


# What Python makes of it.


def tagged(value: Any) -> Any:
    """A decoded value as values.json writes it; a time as Python has it, in microseconds."""
    if isinstance(value, dict):
        return {"map": [[tagged(key), tagged(item)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [tagged(item) for item in value]
    if isinstance(value, float):
        return {"float": struct.pack(">d", value).hex()}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime.datetime):
        return {"time": (value - UTC_1970) // datetime.timedelta(microseconds=1)}
    kind = {int: "int", str: "str", bytes: "bin"}[type(value)]
    return {kind: value.hex() if kind == "bin" else str(value)}


def value_in_python(data: bytes) -> Any:
    try:
        scan(data)
    except ValueFault as fault:
        verdict: Any = {"refused": fault.reason}
    else:
        verdict = None
    try:
        check(data)
    except ArgumentFault:
        if verdict is None:
            return {"taken by the scanner and refused by the check before a call": data.hex()}
        return verdict
    if verdict is not None:
        return {"taken by the check before a call and refused by the scanner": verdict}
    try:
        return {"value": tagged(msgspec.msgpack.decode(data))}
    except msgspec.ValidationError as error:
        return {"value": UNKNOWN} if "imestamp" in str(error) else {"the decoder": str(error)}


def as_json(value: Any) -> Any:
    """As messages.json writes it."""
    if isinstance(value, bytes):
        return {"bin": value.hex()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value


def fields(record: Any) -> list[Any]:
    values = [value for value in msgspec.structs.astuple(record) if value is not msgspec.UNSET]
    kind = record.__struct_config__.tag
    if kind == 1:
        return [1, msgspec.structs.asdict(decode_config(record.config))]
    return [kind, *(msgspec.msgpack.decode(value) if isinstance(value, msgspec.Raw) else value for value in values)]


def extras_of(payload: Any, frames: list[bytes]) -> dict[str, Any]:
    number = {id(frame): at for at, frame in enumerate(frames)}
    return {
        "kwargs": payload.kwargs.hex(),
        "frames": [[place, number[id(frame)]] for place, frame in payload.frames.items()],
        "metadata": payload.metadata,
        "attempt": payload.attempt,
        "deadline": payload.deadline,
        "stream": None if payload.credit is None else list(payload.credit),
    }


def message_in_python(given: Input) -> Any:
    session = Session(EPOCH)
    frames = [given.data, *(number.to_bytes(2) * 20 for number in range(given.frames))]
    try:
        if given.kind == "worker-control-in":
            return {"records": as_json([fields(record) for record in session.receive_control(frames)]), "extras": []}
        records, payloads = session.decode_data(frames)
    except RemoteProtocolError as error:
        return {"refused": error.reason}
    runs = [record for record in records if record.__struct_config__.tag == 2]
    read = [extras_of(payloads.get(run.seq, session.payload(0)), frames) for run in runs]
    if len({run.seq for run in runs}) != len(runs):  # payloads are kept by seq, whose order is checked later
        read = []
    return {"records": as_json([fields(record) for record in records]), "extras": read}


# The two compared.


def micros_of(seconds: str, nanoseconds: int) -> int:
    return int(seconds) * 10**6 + (nanoseconds + 500) // 1000  # as msgspec rounds


def in_python(value: Any) -> Any:
    """What C++ read, with times as Python has them; UNKNOWN where it cannot."""
    if isinstance(value, list):
        items = [in_python(item) for item in value]
        return UNKNOWN if UNKNOWN in items else items
    if isinstance(value, dict):
        if "map" in value:
            pairs = in_python(value["map"])
            return UNKNOWN if pairs == UNKNOWN else {"map": pairs}
        if "timestamp" in value:
            micros = micros_of(*value["timestamp"])
            try:
                UTC_1970 + datetime.timedelta(microseconds=micros)
            except OverflowError:
                return UNKNOWN
            return {"time": micros}
    return value


def same_in_python(value: Any) -> bool:
    """Whether a map in it has keys that are apart on the wire and one in a Python dict."""
    if isinstance(value, list):
        return any(map(same_in_python, value))
    if not isinstance(value, dict) or "map" not in value:
        return False
    numbers: list[Any] = []
    for key, _ in value["map"]:
        if isinstance(key, bool):
            numbers.append(key)
        elif isinstance(key, dict) and "int" in key:
            numbers.append(int(key["int"]))
        elif isinstance(key, dict) and "float" in key:
            numbers.append(struct.unpack(">d", bytes.fromhex(key["float"]))[0])
        elif isinstance(key, dict) and "timestamp" in key:
            numbers.append(("time", micros_of(*key["timestamp"])))
    return len(set(numbers)) < len(numbers) or any(same_in_python(item) for _, item in value["map"])


def agree(given: Input, python: Any, cpp: Any) -> bool:
    if given.kind == "value":
        if python == {"refused": "same_in_python"}:
            return "refused" in cpp or same_in_python(cpp["value"])
        if python.get("refused") in SEEN_LATER_BY_CPP or "truncated" in (python.get("refused"), cpp.get("refused")):
            return "refused" in cpp and "refused" in python
        return bool(python == (cpp if "refused" in cpp else {"value": in_python(cpp["value"])}))
    if "refused" in python or "refused" in cpp:
        return "refused" in python and "refused" in cpp
    return bool(python["records"] == cpp["records"] and (not python["extras"] or python["extras"] == cpp["extras"]))


def in_cpp(program: str, inputs: list[Input]) -> list[Any]:
    text = "".join(f"{given.line()}\n" for given in inputs)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(inputs):
        sys.exit(f"the C++ decoder ended with {done.returncode} on {inputs[len(answers)].line()}\n{done.stderr}")
    return answers


def python_of(given: Input) -> Any:
    return value_in_python(given.data) if given.kind == "value" else message_in_python(given)


def smaller(program: str, given: Input) -> Input:
    """Cuts bytes off a disagreement while it is one."""
    size = len(given.data)
    while size := size // 2:
        at = 0
        while at < len(given.data):
            cut = given._replace(data=given.data[:at] + given.data[at + size :])
            if agree(cut, python_of(cut), in_cpp(program, [cut])[0]):
                at += size
            else:
                given = cut
    return given


def compare(program: str, inputs: list[Input]) -> int:
    """Gives how many were taken. Ends the program at the first disagreement."""
    taken = 0
    for given, cpp in zip(inputs, in_cpp(program, inputs), strict=True):
        if not agree(given, python_of(given), cpp):
            least = smaller(program, given)
            answer = in_cpp(program, [least])[0]
            sys.exit(
                f"they disagree on\n  {least.line()}\n  Python: {python_of(least)!s:.2000}\n  C++:    {answer!s:.2000}"
            )
        taken += "refused" not in cpp
    return taken


def compare_results(program: str, inputs: list[Input]) -> None:
    """The other way: what Python read and returns as a result is the same value to C++."""
    results, wanted = [], []
    for given in inputs:
        python = python_of(given)
        if given.kind == "value" and python.get("value", UNKNOWN) != UNKNOWN:
            results.append(Input("value", bytes(prepare(msgspec.msgpack.decode(given.data), 1 << 30).value)))
            wanted.append(python["value"])
    for result, value, cpp in zip(results, wanted, in_cpp(program, results), strict=True):
        if "refused" in cpp or in_python(cpp["value"]) != value:
            sys.exit(f"a result of\n  {value!s:.2000}\nis sent as\n  {result.line()}\nand read as\n  {cpp!s:.2000}")


# Where the inputs come from.


def known() -> list[Input]:
    inputs = [Input("value", data) for target in ("scan", "worker_value") for data in both(target)]
    for vector in corpus.vectors("messages.json"):
        if vector["frames"] and vector["link"] in ("worker-data-in", "worker-control-in"):
            inputs.append(Input(vector["link"], bytes.fromhex(vector["frames"][0]), len(vector["frames"]) - 1))
    for target in ("message", "worker_message"):
        for data in filter(None, corpus.kept(target)):
            link = corpus.LINKS[data[0] % 6]
            if link in ("worker-data-in", "worker-control-in"):
                inputs.append(Input(link, data[1:], data[0] // 6 % 4))
    return inputs


def both(target: str) -> list[bytes]:
    return [*corpus.seeds(target), *corpus.kept(target)]


def random_inputs(random: Random, pool: list[Input]) -> Iterator[Input]:
    make = Generator(random)
    while True:
        kind = random.choice(("value", "value", "worker-data-in", "worker-data-in", "worker-control-in"))
        given = random.choice(pool)
        if given.kind != kind or random.random() < 0.6:
            if kind == "value":
                given = Input(kind, make.value() if random.random() < 0.95 else make.deep())
            elif kind == "worker-data-in":
                given = Input(kind, *make.data(EPOCH))
            else:
                given = Input(kind, make.control(EPOCH))
        if random.random() < 0.7:
            given = given._replace(data=damaged(random, given.data, random.choice(pool).data))
        yield given


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    options = parser.parse_args()
    say(f"seed {options.seed}")
    pool = known()
    count, taken = len(pool), compare(options.program, pool)
    source = random_inputs(Random(options.seed), pool)
    until = time.monotonic() + options.seconds
    while time.monotonic() < until:
        inputs = [next(source) for _ in range(BATCH)]
        taken += compare(options.program, inputs)
        compare_results(options.program, inputs)
        count += BATCH
    say(f"{count} inputs, {taken} taken and {count - taken} refused by both")
    if not 0.1 < taken / count < 0.95:
        sys.exit("hardly any is taken, or hardly any refused: this shows little")


if __name__ == "__main__":
    main()
