// The daemon's log: to stderr or a file, one line a record.
#pragma once

#include <filesystem>

#include "clutch/log.hpp"

namespace clutch::daemon {

/// `file` empty: stderr. Throws std::exception where the file cannot be opened. Any thread may call the sink.
[[nodiscard]] LogSink open_log(const std::filesystem::path& file, LogLevel level);

}  // namespace clutch::daemon
