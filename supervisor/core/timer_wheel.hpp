// Deadlines of a million calls at a constant cost each: a hierarchical timing wheel (Varghese and Lauck, 1987) with
// ticks of one millisecond. Pure: time is handed in. A timer fires at the first advance() at or after its tick, never
// before its time.
#pragma once

#include <array>
#include <cstdint>

#include "core/intrusive_list.hpp"
#include "core/types.hpp"

namespace clutch::core {

struct TimerTag {};

/// What has a deadline inherits from it. Not copied, not moved.
struct Timer : Link<TimerTag> {
  std::uint64_t due_tick = 0;
  std::uint16_t slot = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(Time start) noexcept : start_(start) {}

  /// Sets, or sets anew. `never` stops it.
  void set(Timer&, Time due) noexcept;
  void stop(Timer&) noexcept;

  /// The next timer that is due at `now`, stopped; nullptr when there is none. Call until it gives nullptr.
  [[nodiscard]] Timer* expire(Time now) noexcept;
  /// When expire() is next worth calling, at the latest; `never` with no timer set.
  [[nodiscard]] Time next() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

 private:
  static constexpr unsigned bits = 6;
  static constexpr unsigned slots = 1u << bits;
  static constexpr unsigned levels = 8;  // 64^8 ms: all that Time can say, so that no turn of the wheel ever ends

  [[nodiscard]] std::uint64_t tick_of(Time) const noexcept;
  [[nodiscard]] std::uint64_t next_tick() const noexcept;
  void place(Timer&) noexcept;
  void cascade(unsigned level) noexcept;

  Time start_;
  std::uint64_t now_tick_ = 0;
  std::size_t count_ = 0;
  std::array<std::uint64_t, levels> occupied_{};
  std::array<IntrusiveList<Timer, TimerTag>, std::size_t{levels} * slots> wheel_;
};

}  // namespace clutch::core
