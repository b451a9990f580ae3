#include "io/output_budget.hpp"

#include <algorithm>
#include <utility>

namespace clutch::io {

OutputBudget::Verdict OutputBudget::take(std::uint64_t bytes, core::Time now) noexcept {
  if (rate_ == 0) return Verdict::pass;
  constexpr std::uint64_t slices_a_second = 1000;
  const auto quiet = std::chrono::duration_cast<std::chrono::milliseconds>(now - refilled_);
  if (quiet.count() > 0) {
    const auto slices = std::min<std::uint64_t>(static_cast<std::uint64_t>(quiet.count()), burst_s * slices_a_second);
    left_ = std::min(left_ + rate_ * slices / slices_a_second, rate_ * burst_s);
    refilled_ = now;
  }
  const auto wanted = dropping_ ? std::max(bytes, rate_ / 2) : bytes;
  if (wanted <= left_) {
    left_ -= bytes;
    dropping_ = false;
    return Verdict::pass;
  }
  dropped_ += bytes;
  return std::exchange(dropping_, true) ? Verdict::drop : Verdict::drop_first;
}

std::uint64_t OutputBudget::take_dropped() noexcept { return std::exchange(dropped_, 0); }

}  // namespace clutch::io
