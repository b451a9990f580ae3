"""The messages of messages.json. `-in` is what a worker or a client receives, `-out` what it sends."""

from __future__ import annotations

from typing import Any

from pack import Raw, pack

DATA_IN, DATA_OUT = "worker-data-in", "worker-data-out"
CONTROL_IN, CONTROL_OUT = "worker-control-in", "worker-control-out"
CLIENT_IN, CLIENT_OUT = "client-in", "client-out"

CONFIG: dict[str, Any] = {
    "modules": ["shop", "shop.tax"],
    "path": ["/srv/app"],
    "concurrency": 1000,
    "threads": 16,
    "payload_bytes_max": 268435456,
    "pool": "default",
    "setup_by": 123456789012345,
    "grace_ms": 1000,
    "uvloop": False,
}
FUNCTION: dict[str, Any] = {
    "name": "shop.price",
    "kind": "coroutine",
    "signature": "(item: str, *, n: int = 1) -> float",
    "doc": "What it costs.",
    "limit": 4,
    "per": "pool",
    "notes": ["parameter 'item' is decoded untyped: no annotation"],
}
EXCEPTION: dict[str, Any] = {
    "type": "shop.errors.OutOfStock",
    "message": "no ångström left",
    "traceback": "Traceback (most recent call last):\n",
    "notes": ["a note"],
    "cause": {
        "type": "KeyError",
        "message": "'x'",
        "traceback": "",
        "notes": [],
        "explicit": False,
        "group": [],
        "left_out": 0,
    },
    "explicit": True,
    "group": [],
    "left_out": 3,
}
ERROR: dict[str, Any] = {"code": "failed", "stage": "run", "certainty": "started", "message": "OutOfStock: none left"}
WHOLE_ERROR: dict[str, Any] = {
    **ERROR,
    "attempts": 2,
    "retry_after_ms": 5,
    "signal": 11,
    "exit_code": 1,
    "collateral": True,
    "culprit": "shop.block",
    "culprit_call": 2**32,
    "python_stack": "File …",
    "exception": EXCEPTION,
    "items": 3,
}
ARGS = pack([21])
KWARGS = pack({"n": 2})
ALL_EXTRAS: dict[str, Any] = {
    "kwargs": KWARGS,
    "frames": [[0, 1], ["blob", 2]],
    "metadata": {"trace": "abc"},
    "attempt": 2,
    "deadline": 2**64 - 1,
    "stream": [16384, 2**64 - 1],
}
HELLO = [20, 1, 1, {"name": "host", "pid": 4711, "window": 67108864}]
WELCOME = [21, 1, 2**63, {"pid": 1, "window": 67108864, "payload_bytes_max": 268435456, "release": "0.1.0"}]


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bin": value.hex()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    return value


def _good(name: str, link: str, epoch: int, records: list[Any], *payloads: bytes) -> dict[str, Any]:
    frames = [pack([1, epoch, *records]), *payloads]
    return {
        "name": name,
        "link": link,
        "epoch": epoch,
        "frames": [frame.hex() for frame in frames],
        "ok": True,
        "records": _as_json(records),
    }


def _raw(name: str, link: str, epoch: int, records: list[Any], *frames: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "link": link,
        "epoch": epoch,
        "frames": [frame.hex() for frame in frames],
        "ok": True,
        "records": _as_json(records),
    }


def _bad(name: str, error: str, link: str, frames: list[Any], epoch: int = 7) -> dict[str, Any]:
    """frames[0] is an envelope as a value, or bytes that are no MessagePack of one."""
    packed = [frames[0] if isinstance(frames[0], bytes) else pack(frames[0]), *frames[1:]] if frames else []
    return {
        "name": name,
        "link": link,
        "epoch": epoch,
        "frames": [frame.hex() for frame in packed],
        "ok": False,
        "error": error,
    }


def _worker_good() -> list[dict[str, Any]]:
    wide = Raw(
        bytes.fromhex("dd00000003cf0000000000000001d30000000000000007dc0006cc02cd0001ce0000002ad000d10000c500029115")
    )
    return [
        _good("boot", DATA_IN, 7, [[1, CONFIG]]),
        _good("run_worked_example", DATA_IN, 7, [[2, 1, 42, 0, 0, ARGS]]),
        _raw("run_in_wide_integers", DATA_IN, 7, [[2, 1, 42, 0, 0, ARGS]], wide),
        _good("run_two", DATA_IN, 7, [[2, 1, 42, 0, 0, ARGS], [2, 2, 43, 3, 10**18, pack([])]]),
        _good("run_at_the_largest_numbers", DATA_IN, 2**64 - 1, [[2, 2**64 - 1, 2**64 - 1, 65535, 2**64 - 1, ARGS]]),
        _good("run_empty_extras", DATA_IN, 7, [[2, 1, 42, 0, 0, ARGS, {}]]),
        _good("run_kwargs", DATA_IN, 7, [[2, 1, 42, 0, 0, pack([]), {"kwargs": KWARGS}]]),
        _good("run_all_extras", DATA_IN, 7, [[2, 1, 42, 0, 0, ARGS, ALL_EXTRAS]], b"first", b""),
        _good(
            "run_frames_out_of_order",
            DATA_IN,
            7,
            [[2, 1, 42, 0, 0, ARGS, {"frames": [[0, 2]]}], [2, 2, 43, 0, 0, ARGS, {"frames": [[0, 1]]}]],
            b"a",
            b"b",
        ),
        _good("run_stream", DATA_IN, 7, [[2, 1, 42, 0, 0, ARGS, {"stream": [0, 0]}]]),
        _good("no_records", DATA_IN, 7, []),
        _good("attach_data", DATA_OUT, 7, [[3, 0, 4711, "3.11.7", {"pyzmq": "27.0.0", "msgspec": "0.22.0"}]]),
        _good("attach_control", CONTROL_OUT, 7, [[3, 1, 4711, "3.11.7", {}]]),
        _good("register", DATA_OUT, 7, [[4, [FUNCTION], [["shop.Order", "a class"]]]]),
        _good("register_nothing", DATA_OUT, 7, [[4, [], []]]),
        _good("boot_failed", DATA_OUT, 7, [[5, {**WHOLE_ERROR, "stage": "import", "certainty": "not_started"}]]),
        _good("result_worked_example", DATA_OUT, 7, [[6, 42, 42], [8, 1, 0]]),
        _good(
            "result_of_each_type",
            DATA_OUT,
            7,
            [[6, 1, value] for value in (None, True, -1, 2**64 - 1, 1.5, "é", b"\x00", [1, [2]], {"a": {"b": 1}})],
        ),
        _good("result_is_a_frame", DATA_OUT, 7, [[6, 42, b"", [[None, 1]]], [8, 1, 0]], b"x" * 20),
        _good("result_items_are_frames", DATA_OUT, 7, [[6, 42, [b"", 1, b""], [[0, 1], [2, 2]]]], b"x", b"y"),
        _good("result_no_frames", DATA_OUT, 7, [[6, 42, 1, []]]),
        _good("error_smallest", DATA_OUT, 7, [[7, 42, ERROR]]),
        _good("error_whole", DATA_OUT, 7, [[7, 42, WHOLE_ERROR]]),
        _good("error_of_a_stream", DATA_OUT, 7, [[7, 42, {**ERROR, "items": 0}]]),
        _good("item", DATA_OUT, 7, [[13, 42, 0, [1]]]),
        _good(
            "items_of_each_type", DATA_OUT, 7, [[13, 42, 2**64 - 10, [None, True, -1, 1.5, "é", b"", [1], {"a": 1}]]]
        ),
        _good("items_at_most", DATA_OUT, 7, [[13, 42, 4096, [0] * 4096]]),
        _good("items_are_frames", DATA_OUT, 7, [[13, 42, 5, [b"", 1, b""], [[0, 1], [2, 2]]], [8, 1, 0]], b"x", b"y"),
        _good("item_no_frames", DATA_OUT, 7, [[13, 42, 0, [1], []]]),
        _good("items_and_end", DATA_OUT, 7, [[13, 42, 0, [1, 2]], [13, 43, 7, ["x"]], [14, 42, 2], [8, 2, 0]]),
        _good("end_of_none", DATA_OUT, 7, [[14, 42, 0]]),
        _good("begun_on_data", DATA_OUT, 7, [[8, 3, 4]]),
        _good("begun_on_control", CONTROL_OUT, 7, [[8, 2**64 - 1, 0]]),
        _good("pong", CONTROL_OUT, 7, [[11, 9]]),
        _good("cancel_worked_example", CONTROL_IN, 7, [[9, 1, 42, 0]]),
        _good("cancel_deadline", CONTROL_IN, 7, [[9, 1, 42, 1]]),
        _good("credit", CONTROL_IN, 7, [[15, 1, 42, 16384, 4194304]]),
        _good("credit_and_cancel", CONTROL_IN, 7, [[15, 1, 42, 0, 2**64 - 1], [9, 1, 42, 0]]),
        _good("ping_and_stop", CONTROL_IN, 7, [[10, 9], [12, 0], [12, 10**18]]),
    ]


def _client_good() -> list[dict[str, Any]]:
    extras = {**ALL_EXTRAS, "timeout": 5, "queue_timeout": 6, "attempt_timeout": 7, "pool": "gpu", "detached": True}
    extras["priority"] = 2
    extras["idempotency_key"] = "order-17"
    return [
        _good("hello", CLIENT_OUT, 0, [HELLO]),
        _good("welcome", CLIENT_IN, 0, [WELCOME]),
        _good("refused", CLIENT_IN, 0, [[22, {**ERROR, "code": "unauthorized", "stage": "transport"}]]),
        _good("call", CLIENT_OUT, 99, [[23, 1, "shop.price", ARGS]]),
        _good("call_all_extras", CLIENT_OUT, 99, [[23, 1, "shop.price", ARGS, extras]], b"first", b"second"),
        _good("call_low_priority", CLIENT_OUT, 99, [[23, 1, "shop.price", ARGS, {"priority": 0}]]),
        _good("call_longest_key", CLIENT_OUT, 99, [[23, 1, "shop.price", ARGS, {"idempotency_key": "k" * 256}]]),
        _good("call_longest_name", CLIENT_OUT, 99, [[23, 1, "f" * 256, ARGS]]),
        _good("detach", CLIENT_OUT, 99, [[24, 1]]),
        _good("window_to_daemon", CLIENT_OUT, 99, [[25, 2**40]]),
        _good("window_to_client", CLIENT_IN, 99, [[25, 0]]),
        _good("query", CLIENT_OUT, 99, [[26, 1, "ps", {}]]),
        _good("command", CLIENT_OUT, 99, [[30, 1, "drain", {}], [30, 2, "reload", {"pool": "main"}]]),
        _good("answer", CLIENT_IN, 99, [[27, 1, {"workers": [1, 2]}]]),
        _good("bye_both", CLIENT_OUT, 99, [[28]]),
        _good("bye_to_client", CLIENT_IN, 99, [[28]]),
        _good("client_result", CLIENT_IN, 99, [[6, 1, "x"], [7, 2, ERROR]]),
        _good("client_result_frame", CLIENT_IN, 99, [[6, 1, b"", [[None, 1]]]], b"x"),
        _good("client_cancel", CLIENT_OUT, 99, [[9, 0, 1, 0]]),
        _good("call_stream", CLIENT_OUT, 99, [[23, 1, "shop.prices", ARGS, {"stream": [16, 1024]}]]),
        _good("client_cancel_receipt", CLIENT_OUT, 99, [[9, 5, 1, 0]]),
        _good("client_credit", CLIENT_OUT, 99, [[15, 0, 1, 32, 2048]]),
        _good("client_items", CLIENT_IN, 99, [[13, 1, 0, [1, "x"]], [14, 1, 2]]),
        _good("client_items_are_frames", CLIENT_IN, 99, [[13, 1, 1, ["x", b""], [[1, 1]]]], b"x"),
        _good("receipt", CLIENT_IN, 99, [[29, 5, {"what": "removed_from_queue"}]]),
        _good(
            "receipt_whole",
            CLIENT_IN,
            99,
            [[29, 5, {"what": "ignored", "after": 2**40, "where": "File …"}], [29, 6, {"what": "unwound", "after": 0}]],
        ),
        _good("client_ping", CLIENT_OUT, 99, [[10, 1], [11, 2]]),
        _good("client_pong", CLIENT_IN, 99, [[11, 1], [10, 2]]),
    ]


def _bad_envelopes() -> list[dict[str, Any]]:
    run = [2, 1, 42, 0, 0, ARGS]
    not_one = {
        "no_frames": [],
        "empty_frame": [b""],
        "nil": [b"\xc0"],
        "a_map": [{"version": 1}],
        "empty_array": [[]],
        "no_epoch": [[1]],
        "version_is_text": [["1", 7, run]],
        "version_is_bool": [[True, 7, run]],
        "epoch_is_text": [[1, "7", run]],
        "record_is_uint": [[1, 7, 2]],
        "record_is_map": [[1, 7, {}]],
        "record_is_empty": [[1, 7, []]],
        "type_is_text": [[1, 7, ["2", 1]]],
        "type_is_negative": [[1, 7, [-2, 1]]],
        "second_record_is_no_array": [[1, 7, run, None]],
    }
    cut = pack([1, 7, run])
    return [
        *(_bad(f"envelope_{name}", "not_an_envelope", DATA_IN, frames) for name, frames in not_one.items()),
        *(_bad(f"cut_after_{n}", "not_an_envelope", DATA_IN, [cut[:n]]) for n in range(1, len(cut))),
        _bad("declares_too_many", "not_an_envelope", DATA_IN, [bytes.fromhex("ddffffffff0107")]),
        _bad("a_second_value_follows", "trailing_bytes", DATA_IN, [cut + b"\xc0"]),
        _bad("version_0", "wrong_version", DATA_IN, [[0, 7, run]]),
        _bad("version_2", "wrong_version", DATA_IN, [[2, 7, run]]),
        _bad("version_2_of_other_shape", "wrong_version", DATA_IN, [[2, 7, "new"]]),
        _bad("epoch_before", "wrong_epoch", DATA_IN, [[1, 6, run]]),
        _bad("epoch_of_none", "wrong_epoch", CONTROL_IN, [[1, 0, [10, 1]]]),
        _bad("client_other_boot", "wrong_epoch", CLIENT_OUT, [[1, 98, [23, 1, "f", ARGS]]], 99),
        _bad("type_0", "unknown_type", DATA_IN, [[1, 7, [0]]]),
        _bad("type_99", "unknown_type", CONTROL_IN, [[1, 7, [99, 1]]]),
        _bad("type_huge", "unknown_type", DATA_OUT, [[1, 7, [2**40, 1]]]),
        _bad("good_then_unknown", "unknown_type", DATA_IN, [[1, 7, run, [99]]]),
        _bad("cancel_on_data", "wrong_lane", DATA_IN, [[1, 7, [9, 1, 42, 0]]]),
        _bad("run_on_control", "wrong_lane", CONTROL_IN, [[1, 7, run]]),
        _bad("result_to_worker", "wrong_lane", DATA_IN, [[1, 7, [6, 42, 1]]]),
        _bad("run_from_worker", "wrong_lane", DATA_OUT, [[1, 7, run]]),
        _bad("result_on_control", "wrong_lane", CONTROL_OUT, [[1, 7, [6, 42, 1]]]),
        _bad("hello_to_worker", "wrong_lane", DATA_IN, [[1, 7, HELLO]]),
        _bad("call_to_client", "wrong_lane", CLIENT_IN, [[1, 99, [23, 1, "f", ARGS]]], 99),
        _bad("item_to_worker", "wrong_lane", DATA_IN, [[1, 7, [13, 42, 0, [1]]]]),
        _bad("item_on_control", "wrong_lane", CONTROL_OUT, [[1, 7, [13, 42, 0, [1]]]]),
        _bad("end_on_control", "wrong_lane", CONTROL_OUT, [[1, 7, [14, 42, 0]]]),
        _bad("credit_on_data", "wrong_lane", DATA_IN, [[1, 7, [15, 1, 42, 1, 1]]]),
        _bad("credit_from_worker", "wrong_lane", CONTROL_OUT, [[1, 7, [15, 1, 42, 1, 1]]]),
        _bad("item_from_client", "wrong_lane", CLIENT_OUT, [[1, 99, [13, 1, 0, [1]]]], 99),
        _bad("credit_to_client", "wrong_lane", CLIENT_IN, [[1, 99, [15, 0, 1, 1, 1]]], 99),
        _bad("receipt_from_client", "wrong_lane", CLIENT_OUT, [[1, 99, [29, 5, {"what": "unwound"}]]], 99),
        _bad("receipt_to_worker", "wrong_lane", CONTROL_IN, [[1, 7, [29, 5, {"what": "unwound"}]]]),
        _bad("run_from_client", "wrong_lane", CLIENT_OUT, [[1, 99, run]], 99),
    ]


def _bad_fields() -> list[dict[str, Any]]:
    def run(**change: Any) -> list[Any]:
        fields = {"seq": 1, "call": 42, "function": 0, "expires": 0, "args": ARGS, **change}
        return [1, 7, [2, *fields.values()]]

    arity = {"run_short": [2, 1, 42, 0, 0], "run_long": [2, 1, 42, 0, 0, ARGS, {}, 0], "boot_empty": [1]}
    control = {
        "cancel_short": [9, 1, 42],
        "ping_bare": [10],
        "ping_long": [10, 1, 1],
        "stop_bare": [12],
        "credit_short": [15, 1, 42, 1],
        "credit_long": [15, 1, 42, 1, 1, 1],
    }
    stream = {
        "item_short": [13, 42, 0],
        "item_long": [13, 42, 0, [1], [], 0],
        "end_short": [14, 42],
        "end_long": [14, 42, 0, 0],
    }
    runs = {
        "seq_is_text": run(seq="1"),
        "seq_is_negative": run(seq=-1),
        "seq_is_float": run(seq=1.0),
        "seq_is_bool": run(seq=True),
        "call_is_nil": run(call=None),
        "function_is_text": run(function="f"),
        "expires_is_float": run(expires=1.5),
        "args_is_array": run(args=[21]),
        "args_is_text": run(args="\x91\x15"),
        "extras_is_nil": run(extras=None),
        "extras_is_array": run(extras=[]),
        "extras_unknown": run(extras={"x": 1}),
        "extras_key_is_int": run(extras={1: 1}),
        "kwargs_is_map": run(extras={"kwargs": {}}),
        "metadata_of_int": run(extras={"metadata": {"a": 1}}),
        "metadata_is_text": run(extras={"metadata": "a"}),
        "attempt_is_text": run(extras={"attempt": "1"}),
        "deadline_negative": run(extras={"deadline": -1}),
        "frames_is_map": run(extras={"frames": {}}),
        "frames_entry_short": run(extras={"frames": [[0]]}),
        "frames_place_is_float": run(extras={"frames": [[0.0, 1]]}),
        "stream_is_uint": run(extras={"stream": 1}),
        "stream_short": run(extras={"stream": [1]}),
        "stream_long": run(extras={"stream": [1, 2, 3]}),
        "stream_negative": run(extras={"stream": [1, -1]}),
        "stream_of_text": run(extras={"stream": ["1", 1]}),
        "stream_of_float": run(extras={"stream": [1, 1.0]}),
        "extras_doubled_key": run(extras=Raw(b"\x82" + pack("attempt") + b"\x01" + pack("attempt") + b"\x02")),
        "metadata_invalid_utf8": run(extras=Raw(b"\x81" + pack("metadata") + b"\x81\xa1\xff\xa1a")),
    }
    return [
        *(_bad(name, "wrong_arity", DATA_IN, [[1, 7, record]]) for name, record in arity.items()),
        *(_bad(name, "wrong_arity", CONTROL_IN, [[1, 7, record]]) for name, record in control.items()),
        *(_bad(name, "wrong_arity", DATA_OUT, [[1, 7, record]]) for name, record in stream.items()),
        _bad("client_credit_short", "wrong_arity", CLIENT_OUT, [[1, 99, [15, 0, 1, 1]]], 99),
        _bad("receipt_bare", "wrong_arity", CLIENT_IN, [[1, 99, [29, 5]]], 99),
        _bad("result_without_value", "wrong_arity", DATA_OUT, [[1, 7, [6, 42]]]),
        _bad("bye_with_field", "wrong_arity", CLIENT_OUT, [[1, 99, [28, 1]]], 99),
        *(_bad(f"run_{name}", "wrong_field", DATA_IN, [frame]) for name, frame in runs.items()),
        _bad("boot_is_text", "wrong_field", DATA_IN, [[1, 7, [1, "shop"]]]),
        _bad(
            "boot_lacks_grace",
            "wrong_field",
            DATA_IN,
            [[1, 7, [1, {key: value for key, value in CONFIG.items() if key != "grace_ms"}]]],
        ),
        _bad("boot_unknown_key", "wrong_field", DATA_IN, [[1, 7, [1, {**CONFIG, "colour": 1}]]]),
        _bad("boot_module_is_int", "wrong_field", DATA_IN, [[1, 7, [1, {**CONFIG, "modules": [1]}]]]),
        _bad("cancel_why_2", "wrong_field", CONTROL_IN, [[1, 7, [9, 1, 42, 2]]]),
        _bad("credit_seq_negative", "wrong_field", CONTROL_IN, [[1, 7, [15, -1, 42, 1, 1]]]),
        _bad("credit_items_negative", "wrong_field", CONTROL_IN, [[1, 7, [15, 1, 42, -1, 1]]]),
        _bad("credit_bytes_is_float", "wrong_field", CONTROL_IN, [[1, 7, [15, 1, 42, 1, 1.0]]]),
        _bad("credit_call_is_text", "wrong_field", CONTROL_IN, [[1, 7, [15, 1, "42", 1, 1]]]),
        _bad("item_empty", "wrong_field", DATA_OUT, [[1, 7, [13, 42, 0, []]]]),
        _bad("item_is_no_array", "wrong_field", DATA_OUT, [[1, 7, [13, 42, 0, 1]]]),
        _bad("item_is_map", "wrong_field", DATA_OUT, [[1, 7, [13, 42, 0, {"a": 1}]]]),
        _bad("item_first_negative", "wrong_field", DATA_OUT, [[1, 7, [13, 42, -1, [1]]]]),
        _bad("item_call_is_text", "wrong_field", DATA_OUT, [[1, 7, [13, "42", 0, [1]]]]),
        _bad("item_frames_is_map", "wrong_field", DATA_OUT, [[1, 7, [13, 42, 0, [1], {}]]]),
        _bad("end_items_is_text", "wrong_field", DATA_OUT, [[1, 7, [14, 42, "0"]]]),
        _bad("error_items_is_text", "wrong_field", DATA_OUT, [[1, 7, [7, 42, {**ERROR, "items": "3"}]]]),
        _bad("receipt_is_text", "wrong_field", CLIENT_IN, [[1, 99, [29, 5, "unwound"]]], 99),
        _bad("receipt_lacks_what", "wrong_field", CLIENT_IN, [[1, 99, [29, 5, {"after": 1}]]], 99),
        _bad("receipt_what_unknown", "wrong_field", CLIENT_IN, [[1, 99, [29, 5, {"what": "oops"}]]], 99),
        _bad("receipt_key_unknown", "wrong_field", CLIENT_IN, [[1, 99, [29, 5, {"what": "unwound", "x": 1}]]], 99),
        _bad("client_item_empty", "wrong_field", CLIENT_IN, [[1, 99, [13, 1, 0, []]]], 99),
        _bad("stop_is_float", "wrong_field", CONTROL_IN, [[1, 7, [12, 0.0]]]),
        _bad("attach_lane_2", "wrong_field", DATA_OUT, [[1, 7, [3, 2, 1, "3.11.7", {}]]]),
        _bad("attach_package_is_int", "wrong_field", DATA_OUT, [[1, 7, [3, 0, 1, "3.11.7", {"pyzmq": 27}]]]),
        _bad("register_kind_unknown", "wrong_field", DATA_OUT, [[1, 7, [4, [{**FUNCTION, "kind": "class"}], []]]]),
        _bad("register_per_unknown", "wrong_field", DATA_OUT, [[1, 7, [4, [{**FUNCTION, "per": "host"}], []]]]),
        _bad("register_left_out_short", "wrong_field", DATA_OUT, [[1, 7, [4, [], [["shop.Order"]]]]]),
        _bad("error_is_text", "wrong_field", DATA_OUT, [[1, 7, [7, 42, "failed"]]]),
        _bad("error_code_unknown", "wrong_field", DATA_OUT, [[1, 7, [7, 42, {**ERROR, "code": "oops"}]]]),
        _bad("error_stage_unknown", "wrong_field", DATA_OUT, [[1, 7, [7, 42, {**ERROR, "stage": "oops"}]]]),
        _bad(
            "error_lacks_message",
            "wrong_field",
            DATA_OUT,
            [[1, 7, [7, 42, {"code": "failed", "stage": "run", "certainty": "started"}]]],
        ),
        _bad("begun_is_negative", "wrong_field", CONTROL_OUT, [[1, 7, [8, -1, 0]]]),
        _bad("hello_client_lacks_pid", "wrong_field", CLIENT_OUT, [[1, 0, [20, 1, 1, {"name": "h", "window": 1}]]], 0),
        _bad("call_priority_3", "wrong_field", CLIENT_OUT, [[1, 99, [23, 1, "f", ARGS, {"priority": 3}]]], 99),
        _bad("call_priority_is_text", "wrong_field", CLIENT_OUT, [[1, 99, [23, 1, "f", ARGS, {"priority": "high"}]]], 99),
        _bad("run_has_priority", "wrong_field", DATA_IN, [[1, 7, [2, 1, 42, 0, 0, ARGS, {"priority": 1}]]]),
        _bad("call_key_is_empty", "wrong_field", CLIENT_OUT, [[1, 99, [23, 1, "f", ARGS, {"idempotency_key": ""}]]], 99),
        _bad(
            "call_key_too_long",
            "wrong_field",
            CLIENT_OUT,
            [[1, 99, [23, 1, "f", ARGS, {"idempotency_key": "k" * 257}]]],
            99,
        ),
        _bad("call_key_is_uint", "wrong_field", CLIENT_OUT, [[1, 99, [23, 1, "f", ARGS, {"idempotency_key": 1}]]], 99),
        _bad("run_has_key", "wrong_field", DATA_IN, [[1, 7, [2, 1, 42, 0, 0, ARGS, {"idempotency_key": "k"}]]]),
        _bad("call_function_is_uint", "wrong_field", CLIENT_OUT, [[1, 99, [23, 1, 0, ARGS]]], 99),
    ]


def _bad_frames() -> list[dict[str, Any]]:
    def run(*frames: list[Any]) -> list[Any]:
        return [2, 1, 42, 0, 0, ARGS, {"frames": list(frames)}]

    many = [[place, place + 1] for place in range(257)]
    plain = [2, 1, 42, 0, 0, ARGS]
    metadata = {str(n): "" for n in range(65)}
    return [
        _bad("frame_without_a_name", "frame_unnamed", DATA_IN, [[1, 7, plain], b"x"]),
        _bad("second_frame_without_a_name", "frame_unnamed", DATA_IN, [[1, 7, run([0, 1])], b"x", b"y"]),
        _bad("control_with_a_frame", "frame_unnamed", CONTROL_IN, [[1, 7, [10, 1]], b"x"]),
        _bad("frame_twice_in_a_record", "frame_named_twice", DATA_IN, [[1, 7, run([0, 1], [1, 1])], b"x"]),
        _bad("frame_in_two_records", "frame_named_twice", DATA_IN, [[1, 7, run([0, 1]), run([0, 1])], b"x"]),
        _bad("frame_beyond_the_last", "frame_missing", DATA_IN, [[1, 7, run([0, 2], [1, 1])], b"x"]),
        _bad("frame_0_is_the_envelope", "frame_missing", DATA_IN, [[1, 7, run([0, 0])]]),
        _bad("frame_at_no_argument", "wrong_field", DATA_IN, [[1, 7, run([None, 1])], b"x"]),
        _bad("frames_at_one_argument", "wrong_field", DATA_IN, [[1, 7, run([0, 1], [0, 2])], b"x", b"y"]),
        _bad("frame_beyond_every_argument", "wrong_field", DATA_IN, [[1, 7, run([2**32, 1])], b"x"]),
        _bad("frame_of_none", "frame_missing", DATA_IN, [[1, 7, run([0, 1])]]),
        _bad("result_frame_missing", "frame_missing", DATA_OUT, [[1, 7, [6, 42, b"", [[None, 1]]]]]),
        _bad("item_frame_missing", "frame_missing", DATA_OUT, [[1, 7, [13, 42, 0, [b""], [[0, 1]]]]]),
        _bad(
            "item_frame_named_twice",
            "frame_named_twice",
            DATA_OUT,
            [[1, 7, [13, 42, 0, [b"", b""], [[0, 1], [1, 1]]]], b"x"],
        ),
        _bad("item_frame_unnamed", "frame_unnamed", DATA_OUT, [[1, 7, [13, 42, 0, [b""]]], b"x"]),
        _bad("too_many_items", "over_limit", DATA_OUT, [[1, 7, [13, 42, 0, [0] * 4097]]]),
        _bad("too_many_frames_in_a_record", "over_limit", DATA_IN, [[1, 7, run(*many)], *[b"x"] * 257]),
        _bad("too_many_records", "over_limit", CONTROL_IN, [[1, 7, *[[10, 1]] * 4097]]),
        _bad("too_many_metadata_entries", "over_limit", DATA_IN, [[1, 7, [*plain, {"metadata": metadata}]]]),
        _bad("metadata_too_large", "over_limit", DATA_IN, [[1, 7, [*plain, {"metadata": {"k": "v" * 16384}}]]]),
        _bad("function_name_too_long", "over_limit", CLIENT_OUT, [[1, 99, [23, 1, "f" * 257, ARGS]]], 99),
    ]


def messages() -> list[dict[str, Any]]:
    return [*_worker_good(), *_client_good(), *_bad_envelopes(), *_bad_fields(), *_bad_frames()]
