// How fast calls end, and so how long a queue of them takes: what `retry_after_ms` says. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/types.hpp"

namespace clutch::core {

class Pace {
 public:
  /// Until now nothing waited: that time says nothing of how fast what waits is done.
  void on_idle_over(Time now) noexcept { busy_since_ = now; }
  void on_done(Time now) noexcept {
    ++done_;
    if (now - since_ >= period) roll(now);
  }
  /// When so many calls are done, in ms: 10 … 30,000. Where none has been, 100: it is not known.
  [[nodiscard]] std::uint64_t retry_after_ms(std::size_t calls, Time now) const noexcept {
    const double rate = (rate_ * weight_ + done_) / (weight_ + elapsed(now));
    if (!(rate > 0)) return unknown_ms;
    const double ms = static_cast<double>(calls) / rate * 1000;
    return static_cast<std::uint64_t>(std::clamp(ms, double{least_ms}, double{most_ms}));
  }

  static constexpr std::uint64_t least_ms = 10;
  static constexpr std::uint64_t unknown_ms = 100;
  static constexpr std::uint64_t most_ms = 30'000;

 private:
  static constexpr Duration period = std::chrono::milliseconds(100);

  [[nodiscard]] double elapsed(Time now) const noexcept {
    return std::max(0.0, std::chrono::duration<double>(now - std::max(since_, busy_since_)).count());
  }
  void roll(Time now) noexcept {
    const auto took = elapsed(now);
    if (took > 0) {  // the past second counts most
      rate_ = (rate_ * weight_ + done_) / (weight_ + took);
      weight_ = std::min(weight_ + took, 0.5);
    }
    done_ = 0;
    since_ = now;
  }

  double rate_ = 0;    // a second
  double weight_ = 0;  // how many seconds it stands for
  double done_ = 0;    // since `since_`
  Time since_{};
  Time busy_since_{};
};

}  // namespace clutch::core
