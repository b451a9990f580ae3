// What the commands do, once there is a target. Each gives the exit code.
#pragma once

#include "clutch/call_arguments.hpp"
#include "options.hpp"
#include "signals.hpp"
#include "target.hpp"

namespace clutch::cli {

/// `run` and `call`.
[[nodiscard]] int call_once(const Options& options, CallArguments arguments, Target& target, Signals& signals);
[[nodiscard]] int list_functions(const Options& options, Target& target);
[[nodiscard]] int list_processes(const Options& options, Target& target);

/// Says what went wrong, by --json on stdout, else on stderr, and gives `code` back.
int report(const Options& options, const Error& error, int code);
/// Prints a line to stdout and gives the exit code.
[[nodiscard]] int print(std::string_view text);

}  // namespace clutch::cli
