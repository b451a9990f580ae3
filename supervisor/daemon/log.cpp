#include "daemon/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace clutch::daemon {
namespace {

spdlog::level::level_enum level_of(LogLevel level) noexcept {
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

}  // namespace

LogSink open_log(const std::filesystem::path& file, LogLevel level) {
  spdlog::sink_ptr sink;
  if (file.empty()) {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
  }
  auto logger = std::make_shared<spdlog::logger>("clutchd", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  logger->set_level(level_of(level));
  logger->flush_on(spdlog::level::debug);  // what was logged is there when the daemon is killed
  return [logger](const LogRecord& record) {
    logger->log(record.time, spdlog::source_loc{}, level_of(record.level), "[" + record.source + "] " + record.text);
  };
}

}  // namespace clutch::daemon
