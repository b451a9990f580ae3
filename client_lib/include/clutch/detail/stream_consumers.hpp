// What reads a stream to its end by itself: Stream::for_each and Stream::collect. Each is a call of its own.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "clutch/detail/stream_state.hpp"
#include "clutch/executor.hpp"

namespace clutch::detail {

/// A call that ends with what is made of a stream; cancelling it cancels that.
template <class R>
class ConsumerState : public TypedState<R> {
 public:
  explicit ConsumerState(CallRef stream) noexcept : TypedState<R>(stream->engine()), stream_(std::move(stream)) {}

 protected:
  [[nodiscard]] StreamState& stream() const noexcept { return static_cast<StreamState&>(*stream_); }

 private:
  void do_cancel(CallRef receipt) override { stream_->cancel(std::move(receipt)); }
  void do_detach() override { stream_->detach(); }

  const CallRef stream_;
};

[[nodiscard]] Error consumer_gone(const char* why, std::uint64_t items);

template <class T, class F>
class ForEachState final : public ConsumerState<Result<std::uint64_t>>, private Continuation {
 public:
  ForEachState(CallRef stream, Executor executor, F f)
      : ConsumerState(std::move(stream)), executor_(std::move(executor)), f_(std::move(f)) {}
  /// Once, by who holds a reference.
  void start() {
    retain(this);  // until end()
    post();
  }
  [[nodiscard]] bool failed() const noexcept override { return !result_->ok(); }
  Result<std::uint64_t> take() override { return std::move(*result_); }

 private:
  static constexpr int items_a_turn = 256;  // then others have theirs on the same thread

  void run(CallRef) override {
    for (int i = 0; i < items_a_turn; ++i) {
      if (!stream().ready()) return wait();
      std::optional<Result<T>> item = stream().template next_item<T>();
      if (!item) return end(handled_);
      if (!item->ok()) return end(item->error());
      if (!handle(std::move(*item).value())) return end(handled_);
    }
    post();
  }
  // The executor has dropped what was posted.
  void drop() noexcept override { end(consumer_gone("its executor dropped it", handled_)); }

  bool handle(T&& item) {
    ++handled_;
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<F&, T>>) {
        std::invoke(*f_, std::move(item));
        return true;
      } else {
        return static_cast<bool>(std::invoke(*f_, std::move(item)));
      }
    } catch (...) {
      end(consumer_gone("the function given to for_each threw", handled_));
      throw;
    }
  }

  // After either this may be running elsewhere, or be gone.
  void wait() {
    while (!stream().ready()) {
      const CallRef wake = armed();
      if (stream().wake_with(wake)) return;
      wake->remove_continuation();
    }
    post();
  }
  void post() { static_cast<WakeState&>(*armed()).wake(); }

  [[nodiscard]] CallRef armed() {
    CallRef wake(new WakeState(engine()));
    wake->set_continuation(*this, executor_);
    return wake;
  }

  void end(Result<std::uint64_t> result) {
    const CallRef self = CallRef::adopt(this);
    stream().leave();
    f_.reset();
    result_ = std::move(result);
    finish();
  }

  const Executor executor_;
  std::optional<F> f_;
  std::uint64_t handled_ = 0;
  std::optional<Result<std::uint64_t>> result_;
};

template <class T>
class CollectState final : public ConsumerState<Result<std::vector<T>>>, private Observer {
 public:
  CollectState(CallRef stream, std::uint64_t limit)
      : ConsumerState<Result<std::vector<T>>>(std::move(stream)), limit_(limit) {}
  /// Once, by who holds a reference.
  void start() {
    retain(this);  // until the end of gather()
    gather();
  }
  [[nodiscard]] bool failed() const noexcept override { return failed_; }

  Result<std::vector<T>> take() override {
    std::vector<T> items;
    while (items.size() < limit_) {
      std::optional<Result<T>> item = this->stream().template next_gathered<T>();
      if (!item) break;
      if (!item->ok()) return item->error();
      items.push_back(std::move(*item).value());
    }
    return items;
  }

 private:
  void completed(CallState&) noexcept override { gather(); }

  void gather() {
    while (!this->stream().gather(limit_)) {
      const CallRef wake(new WakeState(this->engine()));
      wake->add_observer(*this);
      if (this->stream().wake_with(wake)) return;  // and this may be gone
    }
    const CallRef self = CallRef::adopt(this);
    failed_ = !this->stream().gathered(limit_) && this->stream().failed();
    if (!this->stream().done()) this->stream().cancel();
    this->finish();
  }

  const std::uint64_t limit_;
  bool failed_ = false;
};

}  // namespace clutch::detail
