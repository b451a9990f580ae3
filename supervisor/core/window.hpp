// How many calls a worker may have been sent that it has not begun: what it begins in about a millisecond, so that
// short calls stay batched and at most one waits behind a long one. Pure.
#pragma once

#include <algorithm>

#include "clutch/protocol/limits.hpp"
#include "core/types.hpp"

namespace clutch::core {

class Window {
 public:
  /// `begun` calls began since the last time, while others were waiting to: that is when their pace shows.
  void on_begun(std::uint64_t begun, Time now) noexcept {
    const auto took = now - since_;
    since_ = now;
    if (begun == 0 || took <= Duration(0)) return;
    const auto per_call = took / static_cast<std::int64_t>(begun);
    pace_ = pace_ == Duration(0) ? per_call : (3 * pace_ + per_call) / 4;
    const auto fits = pace_ == Duration(0) ? limits::window_max
                                           : static_cast<std::size_t>(Duration(std::chrono::milliseconds(1)) / pace_);
    size_ = std::clamp<std::size_t>(std::min(fits, 2 * size_), 1, limits::window_max);
  }
  /// The worker had nothing to begin until now: the time before does not count.
  void on_first_sent(Time now) noexcept { since_ = now; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_ = 1;
  Duration pace_{};
  Time since_{};
};

}  // namespace clutch::core
