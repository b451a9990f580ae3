// The calls of a group or a scope: what tells it of each one's end, and cancels those that are left when it is enough.
#pragma once

#include <cstddef>
#include <mutex>

#include "clutch/detail/call_state.hpp"

namespace clutch::detail {

class Members {
 public:
  /// Each member keeps `owner`, which this is a part of, until it is over.
  explicit Members(CallState& owner) noexcept : owner_(owner) {}
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  /// Any thread, before the call is handed to the program. After close() it is cancelled at once.
  void add(CallRef call);
  /// Any thread. Cancels what is not over, and whatever comes later. `receipt` as in cancel_all().
  void close(const CallRef& receipt = {});
  [[nodiscard]] bool closed() const;
  [[nodiscard]] bool empty() const;

 protected:
  ~Members() = default;
  /// On the thread that ends it; then on_empty(), where it was the last one.
  virtual void on_end(CallState& member) noexcept = 0;
  virtual void on_empty() noexcept {}

 private:
  class Member;

  void ended(Member& member, CallState& call) noexcept;

  CallState& owner_;
  mutable std::mutex mutex_;
  Member* first_ = nullptr;
  std::size_t count_ = 0;
  bool closed_ = false;
};

}  // namespace clutch::detail
