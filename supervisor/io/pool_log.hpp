// A pool's log: to its sink, or, without one, warnings and errors to stderr.
#pragma once

#include <string>
#include <string_view>

#include "clutch/log.hpp"

namespace clutch::io {

class PoolLog {
 public:
  PoolLog(LogSink sink, LogLevel level, std::string name)
      : sink_(std::move(sink)), level_(level), name_(std::move(name)) {}

  /// Asked before the text of a record that may not be wanted is made.
  [[nodiscard]] bool wants(LogLevel level) const noexcept {
    return level >= level_ && (sink_ || level >= LogLevel::warning);
  }
  /// `source` completes "pool NAME" or "worker NAME/…"; `text` may hold anything, it is escaped here.
  void write(LogLevel level, std::string source, std::string_view text);
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  LogSink sink_;
  LogLevel level_;
  std::string name_;
};

}  // namespace clutch::io
