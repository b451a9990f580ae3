// Whether a worker's loop turns, judged from one reading of its status page to the next. Pure.
#pragma once

#include "core/types.hpp"

namespace clutch::core {

/// What a status page shows beside the calls that began (PROTOCOL.md, "The status page"). A peer's data.
struct Pulse {
  std::uint64_t ticks = 0;
  Time tick_time{};
  std::uint64_t first_step = 0;  ///< seq of the call on the loop that is in its first step, 0 for none
  Time first_step_since{};
  std::uint64_t in_flight = 0;
};

/// Only what was watched counts: neither a supervisor that was stopped for a minute, nor an idle worker's long pause,
/// makes a loop blocked.
class LoopWatch {
 public:
  /// `awaited`: the loop was sent calls which it has not begun.
  void on_page(const Pulse& pulse, bool awaited, Time now) noexcept;
  /// BEGUN, which the worker sends after the steps that it covers.
  void on_begun(std::uint64_t loop) noexcept;

  /// For how long it has not turned, as of the last reading; zero: it turns, or has nothing to do.
  [[nodiscard]] Duration standing() const noexcept { return busy_ ? read_ - turned_ : Duration(0); }
  [[nodiscard]] bool blocked() const noexcept;
  /// It is in a first step that takes long.
  [[nodiscard]] bool in_long_step() const noexcept { return long_step_; }
  /// When it turned last, as far as is known.
  [[nodiscard]] Time turned() const noexcept { return turned_; }
  /// The reading at which it was last seen to have turned since the one before; Time::min(): none yet.
  [[nodiscard]] Time seen_to_turn() const noexcept { return seen_to_turn_; }
  [[nodiscard]] const Pulse& pulse() const noexcept { return pulse_; }

 private:
  Pulse pulse_;
  Time read_ = Time::min();
  Time turned_{};
  Time seen_to_turn_ = Time::min();
  bool busy_ = false;
  bool long_step_ = false;
};

}  // namespace clutch::core
