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
  const auto since = time - start_;
  return static_cast<std::uint64_t>(since / tick) + (since % tick == Duration(0) ? 0 : 1);
}

void TimerWheel::set(Timer& timer, Time due) noexcept {
  stop(timer);
  if (due > never - tick) return;  // rounded up there would be no such time
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
  const unsigned level = differs == 0 ? 0 : (static_cast<unsigned>(std::bit_width(differs)) - 1) / bits;
  const std::uint64_t slot = (timer.due_tick >> bits * level) % slots;
  timer.slot = static_cast<std::uint16_t>(level * slots + slot);
  occupied_[level] |= std::uint64_t{1} << slot;
  wheel_[timer.slot].push_back(timer);
}

void TimerWheel::cascade(unsigned level) noexcept {
  const auto index = level * slots + (now_tick_ >> bits * level) % slots;
  occupied_[level] &= ~(std::uint64_t{1} << index % slots);
  // To lower levels, never back into this one.
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
    now_tick_ = std::min(until, next_tick());
    for (unsigned level = levels - 1; level > 0; --level) {
      if (now_tick_ % (std::uint64_t{1} << bits * level) == 0) cascade(level);
    }
  }
}

// The first occupied slot of the lowest level that has one: timers that are due, or some to hand down. Whatever is in
// a level lies ahead in the present turn of it, else it would be in a higher one.
std::uint64_t TimerWheel::next_tick() const noexcept {
  for (unsigned level = 0; level < levels; ++level) {
    const auto turn = now_tick_ >> bits * level;
    const auto ahead = occupied_[level] >> turn % slots;
    if (ahead != 0) return (turn + static_cast<std::uint64_t>(std::countr_zero(ahead))) << bits * level;
  }
  return ~std::uint64_t{0};
}

Time TimerWheel::next() const noexcept {
  return count_ == 0 ? never : start_ + tick * static_cast<std::int64_t>(next_tick());
}

}  // namespace clutch::core
