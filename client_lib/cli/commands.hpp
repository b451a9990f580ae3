// What the commands do, once there is a target. Each gives the exit code.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "clutch/call_arguments.hpp"
#include "options.hpp"
#include "signals.hpp"
#include "target.hpp"

namespace clutch::cli {

/// A call or a generator that was told to end may take its time, or not hear of it at all.
inline constexpr auto close_time = std::chrono::seconds(5);

/// `run` and `call`.
[[nodiscard]] int call_once(const Options& options, CallArguments arguments, Target& target, Signals& signals);
/// `stream`; and `run` and `call`, where it is a generator.
[[nodiscard]] int print_stream(const Options& options, CallArguments arguments, Target& target, Signals& signals);
[[nodiscard]] bool is_generator(const Options& options, Target& target);
[[nodiscard]] int list_functions(const Options& options, Target& target);
[[nodiscard]] int list_processes(const Options& options, Target& target);
/// `drain`: until the daemon's process is gone. `target` is closed.
[[nodiscard]] int drain_daemon(const Options& options, std::unique_ptr<Target> target);

/// Says what went wrong, by --json on stdout, else on stderr, and gives `code` back.
int report(const Options& options, const Error& error, int code);
/// Prints a line to stdout and gives the exit code.
[[nodiscard]] int print(std::string_view text);

}  // namespace clutch::cli
