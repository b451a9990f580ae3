// The program's own log, to stderr by spdlog.
#pragma once

#include "clutch/log.hpp"
#include "options.hpp"

namespace clutch::cli {

/// Without a level asked for: warnings, and what the workers print to stdout and stderr, so that print() is seen.
void set_up_log(const Options& options);

/// Makes each record erase the line that it starts on, where a progress bar may stand.
void log_over_progress_bar(bool on);

/// The records of a pool or client go to the log by this. `level` is the least they need be made for.
struct PoolLogging {
  LogSink sink;
  LogLevel level;
};
[[nodiscard]] PoolLogging pool_logging(const Options& options);

}  // namespace clutch::cli
