// What Pool and Client share: a loop in a thread of its own, an inbox that any thread writes to, retries, completion,
// and the short cut by which a caller sends for itself while nothing else is under way.
//
// Threads (docs/architecture.md): everything in `protected` is stepped under `guard_`, by the loop's thread or, in the
// short cut, by the caller's; only the loop's thread polls, receives and keeps time.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "clutch/detail/call_state.hpp"
#include "clutch/detail/completion_thread.hpp"
#include "clutch/detail/engine.hpp"
#include "clutch/detail/receipt_state.hpp"
#include "clutch/detail/stream_state.hpp"
#include "function_names.hpp"
#include "io/event_loop.hpp"
#include "retries.hpp"

namespace clutch::detail {

class LoopEngine : public Engine {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  void submit(CallRef call, std::string_view function, Request&& request, const CallOptions& options) final;
  void cancel(CallState& call, CallRef receipt) final;
  void on_credit(CallState& stream) final;
  void detach(CallState& call) final;
  void post(void (*task)(void*), void* argument) final;

 protected:
  LoopEngine();
  ~LoopEngine() override;

  /// Under the guard, from the constructor's thread: the loop begins to run.
  void run();
  /// Ends the loop's thread; what is in the inbox is refused. Not from the loop's thread.
  void halt();
  /// This process is a forked child of the one that made the engine: nothing in it may be touched.
  [[nodiscard]] bool forked() const noexcept;

  /// One attempt on its way. The tag comes back in finish().
  struct Attempt {
    std::uint64_t tag = 0;
    std::string_view function;
    Request request;
    Time deadline = Time::max();
    Time queue_deadline = Time::max();
    std::optional<std::chrono::nanoseconds> attempt_timeout;
    std::uint64_t attempt = 1;
    Blob metadata;
    std::string pool;
    std::string idempotency_key;
    Priority priority = Priority::normal;
    bool detached = false;
    std::optional<StreamCredit> stream;
  };

  // What the two are behind it. `start_attempt` gives the name by which the others know the attempt, or nothing where
  // finish() was called already.
  virtual std::optional<std::uint64_t> start_attempt(Attempt&&, Time now) = 0;
  /// `receipt` comes back in finish_receipt(); 0: none is wanted.
  virtual void cancel_attempt(std::uint64_t name, std::uint64_t receipt, Time now) = 0;
  virtual void credit_attempt(std::uint64_t name, StreamCredit credit, Time now) = 0;
  virtual void detach_attempt(std::uint64_t name) = 0;
  virtual void flush(Time now) = 0;
  virtual void turn(Time now) = 0;
  [[nodiscard]] virtual bool has_mail() = 0;
  [[nodiscard]] virtual Time next_time(Time now) const = 0;

  /// The end of an attempt: the call completes, or is tried again.
  void finish(std::uint64_t tag, Outcome&& outcome);
  /// Items of a stream's attempt, before its end.
  static void finish_items(std::uint64_t tag, StreamItems&& items);
  void finish_receipt(std::uint64_t receipt, Result<CancelReceipt> what);
  /// No attempt follows any more: what waits for its next ends as its last one did, detached or not.
  void end_retries();
  /// An attempt failed and another follows: a sentence for the log.
  virtual void on_retry(const std::string& what) = 0;

  /// Runs `task` on the loop's thread under the guard, soon.
  void on_loop(std::function<void()> task);

  std::mutex guard_;
  io::EventLoop loop_;

 private:
  struct Item {
    enum class Kind : std::uint8_t { submit, cancel, credit, detach, task };
    Kind kind = Kind::submit;
    CallRef call;
    CallRef receipt = {};
    const std::string* function = nullptr;
    std::unique_ptr<const std::string> own_function = {};  // where names_ is full
    Request request;
    std::unique_ptr<CallOptions> options;  // null: the defaults
    Time submitted{};
    std::function<void()> task;
  };

  [[nodiscard]] bool send_directly(CallRef& call, std::string_view function, Request& request, const CallOptions&);
  /// False: the engine has ended, and the item is the caller's still.
  bool push(Item&&);
  void take_inbox(Time now);
  void begin(CallRef call, std::string_view function, Request&& request, const CallOptions*, Time submitted, Time now);
  void step();
  void attempt_again(std::uint64_t tag, Time now);
  void complete(std::uint64_t tag, Outcome&& outcome);
  [[nodiscard]] bool try_again(std::uint64_t tag, Error& error, Time now);
  void detach_now(CallState& call);
  void cancel_now(CallState& call, CallRef receipt, Time now);
  [[nodiscard]] static Error gone(std::string message);

  std::mutex inbox_mutex_;
  std::vector<Item> inbox_;
  FunctionNames names_;
  std::atomic<bool> inbox_full_{false};
  bool more_ = false;  // the loop's own: it is not to sleep
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<bool> halting_{false};
  std::vector<Item> taking_;
  Retries retries_;
  std::unordered_map<std::uint64_t, CallRef> receipts_;  // asked for, not given
  std::uint64_t last_receipt_ = 0;
  bool retries_ended_ = false;
  CompletionThread completion_;
  std::thread thread_;
  std::uint64_t fork_generation_;
};

}  // namespace clutch::detail
