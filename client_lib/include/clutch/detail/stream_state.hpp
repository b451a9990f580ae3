// One stream between the program and an engine: a CallState whose end is the stream's, with the items that came before.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "clutch/detail/call_state.hpp"
#include "clutch/protocol/payload.hpp"

namespace clutch::detail {

class StreamState : public CallState {
 public:
  /// `window`: what the reader has room for at first, and ahead of what it took later.
  StreamState(std::shared_ptr<Engine> engine, StreamCredit window) noexcept;

  [[nodiscard]] StreamState* stream() noexcept override { return this; }

  // For engines.

  /// Items in their order, before complete(); one thread at a time. Wakes who waits; runs nothing of the program's.
  void push(StreamItems&& items);
  /// What the reader has room for, in total. Any thread.
  [[nodiscard]] StreamCredit credit() const noexcept;
  /// How many items were pushed: where there are any, no other attempt may follow. The pushing thread.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

 private:
  const StreamCredit window_;
  std::atomic<std::uint64_t> credit_items_;
  std::atomic<std::uint64_t> credit_bytes_;
  std::uint64_t received_ = 0;
  std::mutex mutex_;
  std::deque<StreamItems> items_;
};

}  // namespace clutch::detail
