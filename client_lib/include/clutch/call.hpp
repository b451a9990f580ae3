// clutch::Call<T>: one call under way.
//
// Move-only. get(), co_await and then() consume it: whichever comes second throws misuse, as does anything but ready()
// and destruction on a Call that was moved from. Destroying an unfinished Call cancels it; detach() lets it run. It may
// outlive its Pool, which ends it. One thread at a time, save for what a CancelHandle does.
//
// clutch::Receipt: what became of the work that cancel() asked to end. Another Call, but nothing comes of destroying
// it.
#pragma once

#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "clutch/cancel_receipt.hpp"
#include "clutch/detail/call_state.hpp"
#include "clutch/detail/decode.hpp"
#include "clutch/executor.hpp"
#include "clutch/result.hpp"

namespace clutch {

/// Cancels a call from any thread, any number of times; destroying it does nothing. Copies name the same call.
class CancelHandle {
 public:
  CancelHandle() noexcept = default;
  explicit CancelHandle(detail::CallRef call) noexcept : call_(std::move(call)) {}

  /// Asks: the call ends as `cancelled`, or as what it raced with. Nothing where it is over.
  void cancel() const {
    if (call_) call_->cancel();
  }

 private:
  detail::CallRef call_;
};

class Receipt;

namespace detail {
[[noreturn]] void throw_consumed();
/// Asks and gives the state of the receipt.
[[nodiscard]] CallRef cancel_for_receipt(CallState& call);

template <class T, class R>
class Awaiter;
template <class T, class R, class F>
class Then;
}  // namespace detail

/// `R` is what get() gives: Result<T>, or for join() the results of all. Converted on the thread that takes it.
template <class T, class R = Result<T>>
class [[nodiscard]] Call {
  static_assert(detail::owns_data<T>, CLUTCH_OWNING_MESSAGE);

 public:
  using value_type = T;
  using result_type = R;

  explicit Call(detail::CallRef state) noexcept : state_(std::move(state)) {}
  Call(Call&&) noexcept = default;
  Call& operator=(Call&& other) noexcept {
    if (this != &other) {
      drop();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~Call() { drop(); }

  /// Blocks until it is over.
  R get() {
    const detail::CallRef state = consume();
    state->wait();
    return detail::take<T, R>(*state);
  }
  /// Whether get() would return at once.
  [[nodiscard]] bool ready() const noexcept { return state_ && state_->done(); }
  /// Blocks for at most this long; whether it is over.
  template <class Rep, class Period>
  [[nodiscard]] bool wait_for(const std::chrono::duration<Rep, Period>& duration) {
    return state().wait_until(detail::deadline_after(duration));
  }

  /// f(R) runs once it is over, never within this call: on the executor, or without one on the pool's completion
  /// thread. The call goes on by itself; the handle cancels it. An exception out of f goes to whoever runs it: on the
  /// completion thread it ends the program.
  template <class F>
  requires std::invocable<F&, R> CancelHandle then(F f) { return then(Executor(), std::move(f)); }
  template <class F>
  requires std::invocable<F&, R> CancelHandle then(Executor executor, F f) {
    detail::CallRef state = consume();
    auto& continuation = *new detail::Then<T, R, F>(std::move(f));
    state->set_continuation(continuation, std::move(executor));
    return CancelHandle(std::move(state));
  }

  /// co_await gives R. A coroutine that had to wait is resumed on the completion thread; one that is destroyed while it
  /// waits cancels the call.
  auto operator co_await() { return detail::Awaiter<T, R>(consume(), Executor()); }
  /// co_await call.on(executor): what follows runs on the executor, also where the call was over already.
  [[nodiscard]] auto on(Executor executor) { return detail::Awaiter<T, R>(consume(), std::move(executor)); }

  /// Asks: it still ends in one outcome, `cancelled` or what that raced with, which get() waits for. The receipt tells
  /// what became of the work, later than the outcome where the worker goes on; of a group the least good of its calls':
  /// `ignored`, `worker_killed`, `unwound`, `removed_from_queue`, `already_finished`, in this order.
  Receipt cancel();
  [[nodiscard]] CancelHandle cancel_handle() const { return CancelHandle(state_); }
  /// Nobody waits for it any more; it runs to its end.
  void detach() { consume()->detach(); }

  /// For the library.
  [[nodiscard]] detail::CallRef release_state() { return consume(); }

 private:
  detail::CallState& state() const {
    if (!state_) detail::throw_consumed();
    return *state_;
  }
  detail::CallRef consume() {
    static_cast<void>(state());
    return std::move(state_);
  }
  void drop() noexcept {
    if (state_ && !state_->done()) state_->cancel();
    state_ = {};
  }

  detail::CallRef state_;
};

/// May be dropped, got, awaited, continued or joined as any Call; cancelling it does nothing. It ends with an Error
/// where the engine ended, or lost its connection, before anything was known.
class Receipt : public Call<CancelReceipt> {
 public:
  using Call::Call;
};

template <class T, class R>
Receipt Call<T, R>::cancel() {
  return Receipt(detail::cancel_for_receipt(state()));
}

namespace detail {

template <class T, class R, class F>
class Then final : public Continuation {
 public:
  explicit Then(F f) : f_(std::move(f)) {}
  void run(CallRef call) override {
    const std::unique_ptr<Then> self(this);
    R result = take<T, R>(*call);
    call = {};  // before the program's code, which may take its time
    std::invoke(f_, std::move(result));
  }
  void drop() noexcept override { delete this; }

 private:
  F f_;
};

template <class T, class R>
class [[nodiscard]] Awaiter final : private Continuation {
 public:
  Awaiter(CallRef call, Executor executor) noexcept : call_(std::move(call)), executor_(std::move(executor)) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;
  ~Awaiter() {
    if (suspended_) call_->remove_continuation();
    if (!call_->done()) call_->cancel();
  }

  [[nodiscard]] bool await_ready() const noexcept { return !executor_ && call_->done(); }
  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    suspended_ = true;
    call_->set_continuation(*this, std::move(executor_));  // this may be gone when it returns
  }
  R await_resume() { return take<T, R>(*call_); }

 private:
  void run(CallRef) override {
    suspended_ = false;
    handle_.resume();
  }
  void drop() noexcept override {}

  CallRef call_;
  Executor executor_;
  std::coroutine_handle<> handle_;
  bool suspended_ = false;
};

}  // namespace detail
}  // namespace clutch
