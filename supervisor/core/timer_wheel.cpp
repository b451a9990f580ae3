#include "core/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace clutch::core {
namespace {

constexpr Duration tick = std::chrono::milliseconds(1);

}  // namespace

// Rounded up: a timer never fires before its time.
std::uint64_t TimerWheel::tick_of(Time time) const noexcept {
  if (time <= start_) return 0;
  return static_cast<std::uint64_t>((time - start_ + tick - Duration(1)) / tick);
}

void TimerWheel::set(Timer& timer, Time due) noexcept {
  stop(timer);
  if (due == never) return;
  timer.due_tick = std::max(tick_of(due), now_tick_);
  place(timer);
  ++count_;
}

void TimerWheel::stop(Timer& timer) noexcept {
  if (!timer.linked()) return;
  IntrusiveList<Timer, TimerTag>::remove(timer);
  if (wheel_[timer.slot].empty()) occupied_[timer.slot / slots] &= ~(std::uint64_t{1} << timer.slot % slots);
  --count_;
}

// The level is the highest group of six bits in which the due tick differs from now.
void TimerWheel::place(Timer& timer) noexcept {
  const std::uint64_t differs = timer.due_tick ^ now_tick_;
  unsigned level = differs == 0 ? 0 : (static_cast<unsigned>(std::bit_width(differs)) - 1) / bits;
  std::uint64_t slot = 0;
  if (level >= levels) {  // beyond the wheel: the slot that comes up last
    level = levels - 1;
    slot = (now_tick_ >> bits * level) + slots - 1;
  } else {
    slot = timer.due_tick >> bits * level;
  }
  timer.slot = static_cast<std::uint16_t>(level * slots + slot % slots);
  occupied_[level] |= std::uint64_t{1} << slot % slots;
  wheel_[timer.slot].push_back(timer);
}

void TimerWheel::cascade(unsigned level) noexcept {
  const auto index = level * slots + (now_tick_ >> bits * level) % slots;
  occupied_[level] &= ~(std::uint64_t{1} << index % slots);
  // Moved to lower levels, or, when beyond the wheel, to another slot of the last: never back into this one.
  while (Timer* timer = wheel_[index].pop_front()) place(*timer);
}

Timer* TimerWheel::expire(Time now) noexcept {
  const std::uint64_t until = now <= start_ ? 0 : static_cast<std::uint64_t>((now - start_) / tick);
  for (;;) {
    auto& list = wheel_[now_tick_ % slots];
    if (Timer* timer = list.front()) {
      stop(*timer);
      return timer;
    }
    if (now_tick_ >= until) return nullptr;
    if (count_ == 0) {
      now_tick_ = until;
      return nullptr;
    }
    // Straight to the next occupied slot of this turn of the lowest level, or to its end.
    const auto later = occupied_[0] >> now_tick_ % slots;
    const auto steps = later == 0 ? slots - now_tick_ % slots : static_cast<std::uint64_t>(std::countr_zero(later));
    now_tick_ = std::min(until, now_tick_ + std::max<std::uint64_t>(steps, 1));
    for (unsigned level = levels - 1; level > 0; --level) {
      if (now_tick_ % (std::uint64_t{1} << bits * level) == 0) cascade(level);
    }
  }
}

Time TimerWheel::next() const noexcept {
  if (count_ == 0) return never;
  const auto time_of = [this](std::uint64_t at) { return start_ + tick * static_cast<std::int64_t>(at); };
  const auto later = occupied_[0] >> now_tick_ % slots;
  if (later != 0) return time_of(now_tick_ + static_cast<std::uint64_t>(std::countr_zero(later)));
  // The next cascade of the lowest level that has something to hand down.
  for (unsigned level = 1; level < levels; ++level) {
    const auto position = (now_tick_ >> bits * level) % slots;
    const auto ahead = position + 1 == slots ? 0 : occupied_[level] >> (position + 1);
    if (ahead != 0) {
      const auto steps = static_cast<std::uint64_t>(std::countr_zero(ahead)) + 1;
      return time_of(((now_tick_ >> bits * level) + steps) << bits * level);
    }
  }
  return time_of(((now_tick_ >> bits * levels) + 1) << bits * levels);
}

}  // namespace clutch::core
