#include "clutch/detail/stream_state.hpp"

namespace clutch::detail {

StreamState::StreamState(std::shared_ptr<Engine> engine, StreamCredit window) noexcept
    : CallState(std::move(engine)), window_(window), credit_items_(window.items), credit_bytes_(window.bytes) {}

void StreamState::push(StreamItems&& items) {
  received_ += items.count;
  const std::lock_guard lock(mutex_);
  items_.push_back(std::move(items));
}

StreamCredit StreamState::credit() const noexcept {
  return {credit_items_.load(std::memory_order_acquire), credit_bytes_.load(std::memory_order_acquire)};
}

}  // namespace clutch::detail
