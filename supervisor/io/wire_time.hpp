// Points of CLOCK_MONOTONIC as PROTOCOL.md's *time*: nanoseconds, 0 for never. Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace clutch::io {

[[nodiscard]] inline std::uint64_t wire_time(std::chrono::steady_clock::time_point time) noexcept {
  if (time == std::chrono::steady_clock::time_point::max()) return 0;
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

[[nodiscard]] inline std::chrono::steady_clock::time_point from_wire_time(std::uint64_t time) noexcept {
  using Time = std::chrono::steady_clock::time_point;
  if (time == 0 || time > INT64_MAX) return Time::max();
  return Time(std::chrono::nanoseconds(static_cast<std::int64_t>(time)));
}

}  // namespace clutch::io
