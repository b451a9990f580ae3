// clutch's log into spdlog: PoolOptions::log = clutch::spdlog_sink(). The one public header that needs spdlog.
#pragma once

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "clutch/log.hpp"

namespace clutch {

[[nodiscard]] inline spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

/// Each record with its own time, as "[source] text". The logger is shared; as with any sink its records come from
/// clutch's threads, so it must be a thread-safe (`_mt`) one.
[[nodiscard]] inline LogSink spdlog_sink(std::shared_ptr<spdlog::logger> logger = spdlog::default_logger()) {
  return [logger = std::move(logger)](const LogRecord& record) {
    const auto level = spdlog_level(record.level);
    if (!logger->should_log(level)) return;
    logger->log(record.time, spdlog::source_loc{}, level, "[" + record.source + "] " + record.text);
  };
}

}  // namespace clutch
