// One call between the program and an engine: one allocation, shared by references, completed once. The phase is a word
// of bits, so that completing costs one atomic step, and a system call only if somebody sleeps on it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>

#include "clutch/detail/engine.hpp"
#include "clutch/detail/task.hpp"
#include "clutch/executor.hpp"
#include "clutch/result.hpp"

namespace clutch::detail {

/// What is to be done once a call is over. Owned by the state from set_continuation() until run() or drop().
class Continuation {
 public:
  virtual void run(CallRef call) = 0;
  virtual void drop() noexcept = 0;

 protected:
  ~Continuation() = default;
};

/// Told of the end of one call, on the completing thread. Must not block, nor run the program's code. Whoever made it
/// owns it, and keeps it until then.
class Observer {
 public:
  /// May destroy the observer.
  virtual void completed(CallState& call) noexcept = 0;

 protected:
  ~Observer() = default;

 private:
  friend class CallState;
  Observer* next_ = nullptr;
};

class StreamState;

class CallState {
 public:
  using Clock = std::chrono::steady_clock;

  explicit CallState(std::shared_ptr<Engine> engine) noexcept : engine_(std::move(engine)) {}
  CallState(const CallState&) = delete;
  CallState& operator=(const CallState&) = delete;

  // For engines.

  /// Exactly once, any thread, holding a reference. Wakes who waits; runs nothing of the program's.
  void complete(Outcome&& outcome);
  /// Whether the caller asked for a cancel: an engine that is about to begin a call may look.
  [[nodiscard]] bool cancel_requested() const noexcept {
    return (phase_.load(std::memory_order_acquire) & cancelled) != 0;
  }
  /// The engine's own, untouched by everybody else. `id` may be read by cancel() and detach() on other threads.
  std::atomic<std::uint64_t> id{0};
  void* engine_data = nullptr;

  /// This, where it is a stream, else null.
  [[nodiscard]] virtual StreamState* stream() noexcept { return nullptr; }

  // For the caller's side: one thread at a time, save for cancel().

  [[nodiscard]] bool done() const noexcept { return (phase_.load(std::memory_order_acquire) & over) != 0; }
  /// Throws misuse on the thread of the engine's loop.
  void wait();
  /// Whether it was over in time. Throws as wait() does.
  [[nodiscard]] bool wait_until(Clock::time_point deadline);
  /// Any thread, any number of times: the first asks the engine, and each that wants a receipt.
  void cancel(CallRef receipt = {});
  void detach() { do_detach(); }
  /// At most one. It is posted, to the executor or else the engine's completion thread; also where the call is over.
  void set_continuation(Continuation& continuation, Executor executor);
  /// Takes the continuation back; false if it has begun, or will not come.
  bool remove_continuation() noexcept { return continuation_.exchange(nullptr, std::memory_order_acq_rel) != nullptr; }
  /// Gives the reference to the continuation, which may drop it before it runs the program's code.
  static void run_continuation(CallRef call);
  /// Any thread, any number of observers; told at once where the call is over.
  void add_observer(Observer& observer) noexcept;
  /// Whether somebody else may look at the outcome too: whoever consumes it then copies an error.
  [[nodiscard]] bool is_observed() const noexcept { return (phase_.load(std::memory_order_acquire) & observed) != 0; }

  /// Once done(). Whoever consumes the call may move the reply out of it, and an error unless it is observed.
  [[nodiscard]] Outcome& outcome() noexcept { return outcome_; }
  [[nodiscard]] virtual bool failed() const noexcept { return outcome_.index() == 1; }
  [[nodiscard]] const std::shared_ptr<Engine>& engine() const noexcept { return engine_; }
  /// Whether it is a TypedState, whose value was never encoded.
  [[nodiscard]] bool typed() const noexcept { return typed_; }

 protected:
  CallState(std::shared_ptr<Engine> engine, bool typed) noexcept : engine_(std::move(engine)), typed_(typed) {}
  virtual ~CallState();
  /// Over, with an outcome that a derived state keeps itself.
  void finish() noexcept;
  virtual void do_cancel(CallRef receipt);
  virtual void do_detach();

 private:
  friend void retain(CallState*) noexcept;
  friend void release(CallState*) noexcept;

  enum Phase : std::uint32_t { over = 1, waited = 2, continued = 4, observed = 8, cancelled = 16 };

  void post_continuation();
  void tell_observers() noexcept;

  std::atomic<std::uint32_t> phase_{0};
  std::atomic<std::uint32_t> references_{0};
  std::shared_ptr<Engine> engine_;
  std::atomic<Continuation*> continuation_{nullptr};
  std::atomic<Observer*> observers_{nullptr};
  Executor executor_;
  const bool typed_ = false;
  Outcome outcome_;
};

/// From now; "for ever" may be said with the largest duration there is.
template <class Rep, class Period>
[[nodiscard]] CallState::Clock::time_point deadline_after(const std::chrono::duration<Rep, Period>& duration) {
  using Clock = CallState::Clock;
  const auto now = Clock::now();
  const bool forever = duration > std::chrono::duration<double>(Clock::time_point::max() - now);
  return forever ? Clock::time_point::max() : now + std::chrono::ceil<Clock::duration>(duration);
}

/// A call that ends in this process, with a value of its own type: `R` is what get() gives.
template <class R>
class TypedState : public CallState {
 public:
  explicit TypedState(std::shared_ptr<Engine> engine) noexcept : CallState(std::move(engine), true) {}
  /// On the consumer's thread, once, after done().
  [[nodiscard]] virtual R take() = 0;
};

/// Ends a call that its engine is never to see.
void refuse(const CallRef& call, Error error);

/// Runs the task on a thread that lives as long as the process: for calls that have no engine.
void post_without_engine(void (*run)(void*), void* argument);

}  // namespace clutch::detail
