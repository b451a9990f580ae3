// The longer texts of `clutch --help` and `clutch COMMAND --help`.
#pragma once

namespace clutch::cli::help {

inline constexpr const char* exit_codes =
    "Exit codes:\n"
    "  0    done\n"
    "  1    the call failed (map: at least one line did), or the output cannot be written\n"
    "  2    the command line is wrong\n"
    "  3    cannot start the workers, or connect to the daemon\n"
    "  130  ended by Ctrl-C (143 by SIGTERM); 141 whoever read the output went away\n";

inline constexpr const char* durations =
    "A DURATION is a number with a unit: 30s, 1.5s, 250ms, 2m, 1h, also us and ns; without a unit it is in seconds.\n";

inline constexpr const char* main_text = "Calls Python's `async def` functions (and plain ones) in worker processes.\n";

inline constexpr const char* main_footer =
    "Examples:\n"
    "  clutch run shop.price '\"tea\"' quantity=3 --path ./src\n"
    "  clutch functions --module shop --path ./src\n"
    "  clutch stream shop.orders --path ./src | head -3\n"
    "  clutch map shop.price --path ./src --workers 4 --input items.jsonl --output prices.jsonl\n"
    "  clutch call shop.price tea --timeout 2s --json        (of the daemon, clutchd)\n"
    "\n"
    "`clutch COMMAND --help` tells more.\n";

inline constexpr const char* arguments =
    "ARGS are JSON where they parse as JSON, else strings; name=value is a keyword argument:\n"
    "  42 1.5 true null         int, float, bool, None\n"
    "  tea '\"42\"' '\"a=b\"'       strings; quoted in JSON where they would be something else\n"
    "  '[1, 2]' '{\"a\": 1}'      list, dict\n"
    "  colour=red n=3           keyword arguments\n"
    "  '{\"$bytes\": \"AAEC\"}'     bytes, in base64; results show them so, too\n"
    "After `--` nothing is taken for a flag: clutch run m.f -- --not-a-flag\n";

inline constexpr const char* results =
    "The value goes to stdout (a string as it is, anything else as JSON), the story of a failure to stderr.\n"
    "With --json both go to stdout, on one line: {\"ok\": true, \"value\": ...} or {\"ok\": false, \"error\":\n"
    "{\"code\", \"stage\", \"certainty\", \"message\", \"attempts\", \"exception\": null or {\"type\", \"message\", "
    "\"traceback\", ...}}}.\n"
    "Ctrl-C cancels the call; a second one ends at once. A generator is read as by `clutch stream`.\n";

inline constexpr const char* run_text =
    "Calls one function in a worker that is started for it. FUNCTION is module.function; the module is imported\n"
    "from --path.";

inline constexpr const char* run_examples =
    "Examples:\n"
    "  clutch run async_module.task 21\n"
    "  clutch run shop.order '{\"item\": \"tea\"}' colour=red --path ./src --python .venv/bin/python\n"
    "  clutch run shop.flaky --retries 3 --retry-on ConnectionError --timeout 30s --json\n";

inline constexpr const char* call_text = "Calls one function of a running daemon (clutchd).";

inline constexpr const char* call_examples =
    "Examples:\n"
    "  clutch call async_module.task 21\n"
    "  clutch call shop.order tea --connect ipc:///run/clutch/clutchd.sock --metadata traceparent=00-4bf9-01\n";

inline constexpr const char* stream_text =
    "Reads an async generator, a generator, or what a function returns to be iterated over, and prints each item as a\n"
    "line of JSON, as it comes. In a worker that is started for it, or of a daemon (--connect).";

inline constexpr const char* stream_details =
    "Items are printed as soon as they are there. The generator waits at its `yield` for whoever reads the output, so\n"
    "an endless one takes no more memory than a short one.\n"
    "It is closed, and its `finally` runs, at Ctrl-C, after --limit items, and when whoever reads the output goes\n"
    "away, as `| head -3` does: that is no failure. A second Ctrl-C ends at once.\n"
    "A failure's story goes to stderr and tells how many items came before. With --json it is the last line of "
    "stdout:\n"
    "{\"ok\": false, \"error\": {\"code\", \"message\", \"items\", \"exception\", ...}}.\n";

inline constexpr const char* stream_examples =
    "Examples:\n"
    "  clutch stream async_module.async_generator\n"
    "  clutch stream shop.orders since=2024-05-17 --path ./src | jq .price\n"
    "  clutch stream shop.ticks --limit 10 --connect default --attempt-timeout 5s\n";

inline constexpr const char* map_text =
    "Calls the function once for each line of the input and writes a line for each, in the order of the input.";

inline constexpr const char* map_details =
    "A line of input is one JSON value, the only positional argument, be it an array or an object. With --spread an\n"
    "array is all positional arguments, an object the keyword arguments. A line of output is the result as JSON; a\n"
    "line that failed is {\"ok\": false, \"error\": {...}}, and the rest go on. With --json every line of a result is\n"
    "{\"ok\": true, \"value\": ...}. Results that are done wait for those before them, --in-flight lines in all, so\n"
    "memory stays bounded for an input of any size.\n"
    "Ctrl-C reads no further line, gives those under way 5 s, and says where to go on; a second one cancels them.\n";

inline constexpr const char* map_examples =
    "Examples:\n"
    "  clutch map shop.price --path ./src --workers 4 --input items.jsonl --output prices.jsonl\n"
    "  seq 10 | clutch map async_module.task | head -3\n"
    "  clutch map shop.order --spread --connect default < orders.jsonl\n";

inline constexpr const char* functions_text =
    "Lists what can be called: names, signatures, docs, and which public names were left out, and why.\n"
    "Of the modules named by --module, imported from --path; without one, of the daemon.";

inline constexpr const char* functions_examples =
    "Examples:\n"
    "  clutch functions --module shop --path ./src\n"
    "  clutch functions --json\n";

inline constexpr const char* reload_text =
    "Has the daemon load the code of its pools anew: workers are replaced one by one, each by one that is ready first, "
    "and\n"
    "no call fails. Returns when that is done. Where the new code does not start, the workers that are there serve "
    "on,\n"
    "Python's traceback is shown, and the exit code is 1. The daemon's configuration is not read again.";

inline constexpr const char* reload_examples =
    "Examples:\n"
    "  clutch reload\n"
    "  clutch reload --pool images\n"
    "  clutch reload --connect ipc:///run/clutch/clutchd.sock\n";

inline constexpr const char* ps_text = "Shows the daemon's pools and workers.";

inline constexpr const char* ps_examples =
    "Examples:\n"
    "  clutch ps\n"
    "  clutch ps --connect ipc:///run/clutch/clutchd.sock --json\n";

inline constexpr const char* quarantine_text =
    "Lists the calls of a daemon that killed their workers: which are refused, and which are suspected.\n"
    "A call is a function with its arguments; its fingerprint is in the error of one that is refused.";

inline constexpr const char* quarantine_examples =
    "Examples:\n"
    "  clutch quarantine\n"
    "  clutch quarantine --lift 9f3c0a1b22d4e5f6\n"
    "  clutch quarantine --lift all --connect ipc:///run/clutch/clutchd.sock\n";

inline constexpr const char* drain_text =
    "Ends the daemon when its calls are done, as SIGTERM does, and waits until its process is gone. New calls are\n"
    "refused as `unavailable`; those under way have the pool's stop_timeout, then their workers are killed: the exit\n"
    "code is then 1. When it returns, the next daemon can listen at the same place.";

inline constexpr const char* drain_examples =
    "Examples:\n"
    "  clutch drain && clutchd --config clutch.toml\n"
    "  clutch drain --connect ipc:///run/clutch/clutchd.sock --json\n";

}  // namespace clutch::cli::help
