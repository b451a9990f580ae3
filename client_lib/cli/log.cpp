#include "log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "clutch/spdlog.hpp"

namespace clutch::cli {
namespace {

constexpr const char* pattern = "%H:%M:%S.%e %^%l%$ %v";

bool is_print(const LogRecord& record) {
  return record.source.starts_with("worker ") &&
         (record.source.ends_with(" stdout") || record.source.ends_with(" stderr"));
}

}  // namespace

void set_up_log(const Options& options) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("clutch"));
  spdlog::set_pattern(pattern);
  const auto level = spdlog_level(options.log_level.value_or(LogLevel::warning));
  spdlog::set_level(options.log_off ? spdlog::level::off : level);
}

void log_over_progress_bar(bool on) { spdlog::set_pattern(on ? std::string("\r\x1b[K") + pattern : pattern); }

PoolLogging pool_logging(const Options& options) {
  if (options.log_off) return {[](const LogRecord&) {}, LogLevel::error};
  if (options.log_level) return {spdlog_sink(), *options.log_level};
  const auto sink = [write = spdlog_sink()](const LogRecord& record) {
    if (!is_print(record)) return write(record);
    // Of level info, and wanted although info is not: it goes past the logger's level, straight to its sink.
    spdlog::details::log_msg message(record.time, {}, "clutch", spdlog::level::info, "");
    const std::string text = "[" + record.source + "] " + record.text;
    message.payload = text;
    spdlog::default_logger_raw()->sinks().front()->log(message);
  };
  return {sink, LogLevel::info};
}

}  // namespace clutch::cli
