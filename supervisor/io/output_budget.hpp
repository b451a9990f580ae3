// How much of what a worker prints goes into the log: so many bytes a second, with room for a burst. Pure: the time is
// given.
#pragma once

#include <cstdint>

#include "core/types.hpp"

namespace clutch::io {

class OutputBudget {
 public:
  enum class Verdict : std::uint8_t { pass, drop_first, drop };

  static constexpr std::uint64_t burst_s = 4;  // a worker that was quiet may print so many seconds' worth at once

  /// 0: no bound.
  explicit OutputBudget(std::uint64_t bytes_per_second) noexcept : rate_(bytes_per_second), left_(rate_ * burst_s) {}

  /// A line of so many bytes. Once one was dropped, all are until half a second's worth may pass again: whole stretches
  /// are missing, not a line here and there.
  [[nodiscard]] Verdict take(std::uint64_t bytes, core::Time now) noexcept;
  /// Bytes dropped since the last time this was asked.
  [[nodiscard]] std::uint64_t take_dropped() noexcept;
  [[nodiscard]] bool dropping() const noexcept { return dropping_; }

 private:
  std::uint64_t rate_;
  std::uint64_t left_;
  std::uint64_t dropped_ = 0;
  core::Time refilled_{};
  bool dropping_ = false;
};

}  // namespace clutch::io
