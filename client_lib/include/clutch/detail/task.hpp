// What is posted when a call is over: a reference to its state, whose continuation it runs. Copyable, so that executors
// made of std::function take it; run it once.
#pragma once

#include <utility>

namespace clutch::detail {

class CallState;
void retain(CallState* state) noexcept;
void release(CallState* state) noexcept;

/// An intrusive reference to a CallState.
class CallRef {
 public:
  CallRef() noexcept = default;
  explicit CallRef(CallState* state) noexcept : state_(state) {
    if (state_ != nullptr) retain(state_);
  }
  /// Takes over a reference that somebody counted.
  [[nodiscard]] static CallRef adopt(CallState* state) noexcept {
    CallRef ref;
    ref.state_ = state;
    return ref;
  }
  CallRef(const CallRef& other) noexcept : CallRef(other.state_) {}
  CallRef(CallRef&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  CallRef& operator=(CallRef other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~CallRef() {
    if (state_ != nullptr) release(state_);
  }

  [[nodiscard]] CallState* get() const noexcept { return state_; }
  /// Gives the reference away; adopt() takes it back.
  [[nodiscard]] CallState* leak() noexcept { return std::exchange(state_, nullptr); }
  CallState* operator->() const noexcept { return state_; }
  CallState& operator*() const noexcept { return *state_; }
  explicit operator bool() const noexcept { return state_ != nullptr; }
  friend bool operator==(const CallRef&, const CallRef&) = default;

 private:
  CallState* state_ = nullptr;
};

class Task {
 public:
  explicit Task(CallRef state) noexcept : state_(std::move(state)) {}
  void operator()();

 private:
  CallRef state_;
};

}  // namespace clutch::detail
