// What clutch logs, handed to a function of the program's: clutch/spdlog.hpp adapts it to spdlog.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace clutch {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

[[nodiscard]] constexpr std::string_view to_string(LogLevel level) noexcept {
  constexpr std::string_view names[] = {"debug", "info", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

/// One record: one line, without control characters, without argument values.
struct LogRecord {
  LogLevel level = LogLevel::info;
  std::chrono::system_clock::time_point time = {};
  /// "pool default", "worker default/0", "worker default/0 stdout", "worker default/0 my.logger"
  std::string source = {};
  std::string text = {};
};

using LogSink = std::function<void(const LogRecord&)>;

/// The text without control characters: as \n, \t, \x1b, so that one record stays one line of any terminal.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace clutch
