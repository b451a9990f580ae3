#include "core/loop_watch.hpp"

#include <algorithm>

#include "clutch/protocol/limits.hpp"

namespace clutch::core {
namespace {

// Of a worker that is worth watching the page is read far more often: more between two readings is a pause of the
// reader's own.
constexpr auto reading_gap_max = std::chrono::seconds(1);

}  // namespace

void LoopWatch::on_page(const Pulse& pulse, bool awaited, Time now) noexcept {
  const bool first = read_ == Time::min();
  const bool paused = first || now - read_ > reading_gap_max;
  const bool ticked = !first && pulse.ticks != pulse_.ticks;
  const bool busy = pulse.in_flight != 0 || pulse.first_step != 0 || awaited;
  if (ticked && !paused) {
    turned_ = std::clamp(pulse.tick_time, read_, std::max(read_, now));
  } else if (paused || !busy_) {
    turned_ = now;
  }
  if (ticked) seen_to_turn_ = now;
  busy_ = busy;
  pulse_ = pulse;
  read_ = now;
  const bool in_step = pulse.first_step != 0 && pulse.first_step_since != Time{};
  long_step_ = in_step && pulse.first_step_since < now && now - pulse.first_step_since > limits::first_step_long;
}

void LoopWatch::on_begun(std::uint64_t loop) noexcept {
  if (loop >= pulse_.first_step) long_step_ = false;
}

bool LoopWatch::blocked() const noexcept { return standing() >= limits::tick_overdue; }

}  // namespace clutch::core
