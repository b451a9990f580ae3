#include "log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace clutch::cli {
namespace {

constexpr const char* pattern = "%H:%M:%S.%e %^%l%$ %v";

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: break;
  }
  return spdlog::level::err;
}

bool is_print(const LogRecord& record) {
  return record.source.starts_with("worker ") && (record.source.ends_with(" stdout") || record.source.ends_with(" stderr"));
}

}  // namespace

void set_up_log(const Options& options) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("clutch"));
  spdlog::set_pattern(pattern);
  const auto level = to_spdlog(options.log_level.value_or(LogLevel::warning));
  spdlog::set_level(options.log_off ? spdlog::level::off : level);
}

void log_over_progress_bar(bool on) { spdlog::set_pattern(on ? std::string("\r\x1b[K") + pattern : pattern); }

PoolLogging pool_logging(const Options& options) {
  const bool prints = !options.log_level && !options.log_off;
  const auto sink = [prints](const LogRecord& record) {
    auto level = to_spdlog(record.level);
    // Of level info, and wanted although info is not: by this they pass, and stay info to whoever reads them.
    const bool lifted = prints && is_print(record);
    if (lifted) return spdlog::default_logger_raw()->sinks().front()->log(
        spdlog::details::log_msg("clutch", level, fmt::format("[{}] {}", record.source, record.text)));
    spdlog::log(level, "[{}] {}", record.source, record.text);
  };
  if (options.log_off) return {[](const LogRecord&) {}, LogLevel::error};
  return {sink, prints ? LogLevel::info : *options.log_level};
}

}  // namespace clutch::cli
