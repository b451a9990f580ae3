// clutch::Stream<T>: the items of a Python iterator, as they come.
//
//   for (clutch::Result<int> item : pool.stream<int>("async_module.async_generator", 3)) {
//     if (!item) return item.error();  // always the last
//     use(item.value());
//   }
//
// A reader that is slow slows the generator: what it may produce ahead is CallOptions::stream_window_items and …_bytes.
// An item is converted on the thread that takes it. What goes wrong, Python's exception or an item that is no T, is the
// last Result; an error's `items` says how many came before.
//
// Move-only. Destroying a Stream that is not over leaves it: the generator is closed, what came and was not read is
// dropped. It may outlive its Pool, which ends it. One thread at a time, save for what a CancelHandle does; on a Stream
// that was moved from, or consumed by for_each() or collect(), anything but destruction throws misuse.
#pragma once

#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "clutch/call.hpp"
#include "clutch/detail/stream_consumers.hpp"
#include "clutch/detail/stream_state.hpp"
#include "clutch/executor.hpp"
#include "clutch/reader.hpp"

namespace clutch {

template <class T>
class Next;

namespace detail {
template <class T>
class NextAwaiter;
}

template <class T>
class [[nodiscard]] Stream {
  static_assert(detail::owns_data<T>, CLUTCH_OWNING_MESSAGE);
  static_assert(!detail::owns_data<T> || Readable<T>,
                "clutch: this item type does not cross: there is no clutch::Codec<T>::read for it (CLUTCH_DEFINE makes "
                "one for a struct, CLUTCH_ENUM for an enum; or specialise clutch::Codec)");

 public:
  using value_type = T;
  class Iterator;

  explicit Stream(detail::CallRef state) noexcept : state_(std::move(state)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&& other) noexcept {
    if (this != &other) {
      leave();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~Stream() { leave(); }

  /// Range-for, blocking. Begins where the stream is; leaving the loop leaves the stream to be read on.
  [[nodiscard]] Iterator begin() { return Iterator(state()); }
  [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

  /// The next item: `co_await stream.next()`, or stream.next().get(). One at a time: another, or a loop, while one is
  /// under way is misuse. The Stream must outlive it, save for a coroutine that waits: that goes on with `cancelled`.
  Next<T> next() { return Next<T>(state()); }

  /// f(T) for each item, one at a time and in order, on the executor, or without one on the pool's completion thread.
  /// It returns nothing, or whether it wants more. Room for further items is given as f takes them. The call ends with
  /// how many f took, or with the stream's error; cancelling or destroying it leaves the stream, detach() lets it run.
  /// An exception out of f leaves the stream and goes to whoever runs it: on the completion thread it ends the program.
  template <class F>
  requires std::invocable<F&, T> Call<std::uint64_t> for_each(F f) { return for_each(Executor(), std::move(f)); }
  template <class F>
  requires std::invocable<F&, T> Call<std::uint64_t> for_each(Executor executor, F f) {
    auto* state = new detail::ForEachState<T, F>(consume(), std::move(executor), std::move(f));
    Call<std::uint64_t> call{detail::CallRef(state)};
    state->start();
    return call;
  }

  /// All items, or the first `limit` of them: the stream is then left. They are kept as they came, whatever the window,
  /// and converted on the thread that takes the result. An error of the stream is the call's.
  [[nodiscard]] Call<std::vector<T>> collect(std::uint64_t limit) {
    auto* state = new detail::CollectState<T>(consume(), limit);
    Call<std::vector<T>> call{detail::CallRef(state)};
    state->start();
    return call;
  }

  /// Asks, and drops what came and was not read: next() then gives the stream's end, `cancelled` or what that raced
  /// with.
  Receipt cancel() { return Receipt(detail::cancel_for_receipt(state())); }
  [[nodiscard]] CancelHandle cancel_handle() const {
    static_cast<void>(state());
    return CancelHandle(state_);
  }

 private:
  [[nodiscard]] detail::StreamState& state() const {
    if (!state_) detail::throw_consumed_stream();
    return static_cast<detail::StreamState&>(*state_);
  }
  detail::CallRef consume() {
    detail::check_no_next(state());
    return std::move(state_);
  }
  void leave() noexcept {
    if (state_) detail::leave_stream(state());
    state_ = {};
  }

  detail::CallRef state_;
};

/// An input iterator that moves: dereference it once an item.
template <class T>
class Stream<T>::Iterator {
 public:
  using value_type = Result<T>;
  using difference_type = std::ptrdiff_t;

  explicit Iterator(detail::StreamState& stream) : stream_(&stream) { ++*this; }
  Iterator(Iterator&&) noexcept = default;
  Iterator& operator=(Iterator&&) noexcept = default;
  ~Iterator() = default;

  [[nodiscard]] Result<T>&& operator*() const noexcept { return std::move(*item_); }
  Iterator& operator++() {
    if (stream_->in_next || !stream_->ready()) detail::wait_for_next(*stream_);
    item_ = stream_->next_item<T>();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const Iterator& at, std::default_sentinel_t) noexcept { return !at.item_; }

 private:
  detail::StreamState* stream_;
  mutable std::optional<Result<T>> item_;
};

/// One step of a stream: gives std::optional<Result<T>>, nothing at the end. Nothing is taken before it is given: one
/// that is dropped, or whose waiting coroutine is destroyed, leaves the stream as it was.
template <class T>
class [[nodiscard]] Next {
 public:
  explicit Next(detail::StreamState& stream) : stream_(&stream) {
    detail::check_no_next(stream);
    stream.in_next = true;
  }
  Next(Next&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
  Next& operator=(Next&&) = delete;
  ~Next() {
    if (stream_ != nullptr) stream_->in_next = false;
  }

  /// Blocks until there is an item, or the end.
  std::optional<Result<T>> get() {
    static_cast<void>(stream().wait_ready(detail::CallState::Clock::time_point::max()));
    detail::StreamState& from = *std::exchange(stream_, nullptr);
    from.in_next = false;
    return from.next_item<T>();
  }
  /// Blocks for at most this long; whether get() would return at once.
  template <class Rep, class Period>
  [[nodiscard]] bool wait_for(const std::chrono::duration<Rep, Period>& duration) {
    return stream().wait_ready(detail::deadline_after(duration));
  }

  /// A coroutine that had to wait is resumed on the completion thread; one that need not goes on at once.
  auto operator co_await() { return detail::NextAwaiter<T>(consume(), Executor()); }
  /// What follows runs on the executor, also where an item was there already.
  [[nodiscard]] auto on(Executor executor) { return detail::NextAwaiter<T>(consume(), std::move(executor)); }

 private:
  [[nodiscard]] detail::StreamState& stream() const {
    if (stream_ == nullptr) detail::throw_consumed_next();
    return *stream_;
  }
  detail::StreamState& consume() {
    static_cast<void>(stream());
    return *std::exchange(stream_, nullptr);
  }

  detail::StreamState* stream_;
};

namespace detail {

template <class T>
class [[nodiscard]] NextAwaiter final : private Continuation {
 public:
  NextAwaiter(StreamState& stream, Executor executor) noexcept : stream_(&stream), executor_(std::move(executor)) {}
  NextAwaiter(const NextAwaiter&) = delete;
  NextAwaiter& operator=(const NextAwaiter&) = delete;
  ~NextAwaiter() {
    if (wake_) wake_->remove_continuation();
    if (stream_ != nullptr) stream_->in_next = false;
  }

  [[nodiscard]] bool await_ready() { return !executor_ && stream_->ready(); }
  bool await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    kept_ = CallRef(stream_);
    if (waits()) return true;
    if (!executor_) return false;
    static_cast<WakeState&>(*armed()).wake();
    return true;
  }
  std::optional<Result<T>> await_resume() {
    StreamState& from = *std::exchange(stream_, nullptr);
    from.in_next = false;
    return from.next_item<T>();
  }

 private:
  void run(CallRef) override {
    if (!waits()) handle_.resume();  // a cancel may have dropped what it was woken for
  }
  void drop() noexcept override {}

  // False: it is ready. Else this may be gone, or run elsewhere.
  bool waits() {
    while (!stream_->ready()) {
      const CallRef wake = armed();
      if (stream_->wake_with(wake)) return true;
      wake->remove_continuation();
    }
    return false;
  }
  [[nodiscard]] CallRef armed() {
    wake_ = CallRef(new WakeState(stream_->engine()));
    CallRef wake = wake_;
    wake->set_continuation(*this, executor_);
    return wake;
  }

  StreamState* stream_;
  const Executor executor_;
  std::coroutine_handle<> handle_;
  CallRef kept_;  // while it waits the Stream may go
  CallRef wake_;
};

}  // namespace detail
}  // namespace clutch
