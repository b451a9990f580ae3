// What a pool does: which call goes to which worker when, and how each ends. A state machine without I/O: events and a
// time go in, actions come out. No socket, process, clock or thread; one caller at a time.
//
// It keeps these promises (docs/calls.md, "Certainty"): each submitted call is delivered exactly one outcome; a call is
// sent to a second worker only if the first is reaped and never began it; `not_started` is said only of a call whose
// code never ran and never will.
#pragma once

#include <string_view>
#include <unordered_map>

#include "core/actions.hpp"
#include "core/call.hpp"
#include "core/chance.hpp"
#include "core/fair_queue.hpp"
#include "core/functions.hpp"
#include "core/idempotency.hpp"
#include "core/pace.hpp"
#include "core/pool_options.hpp"
#include "core/quarantine.hpp"
#include "core/worker.hpp"

namespace clutch::core {

/// What RUN carries. Views and references are valid until the next event.
struct Run {
  std::uint64_t seq = 0;
  CallId call;
  std::uint32_t function = 0;  ///< the worker's own index
  Time expires = never;
  Time deadline = never;
  std::uint64_t attempt = 1;
  const Request& request;
  const Blob& metadata;
  std::optional<StreamCredit> stream;
};

/// Who is to be told what became of the work that a cancel is for.
struct ReceiptRequest {
  SessionId session;
  ReceiptId id;
};

enum class PoolState : std::uint8_t { starting, running, draining, failed, stopped };

struct PoolCounters {
  std::uint64_t submitted = 0;
  std::uint64_t delivered = 0;
  std::uint64_t requeued = 0;
  std::uint64_t deaths = 0;
  EndCounts ends{};          ///< the same, by their reasons
  std::uint64_t items = 0;   ///< of streams
  std::uint64_t lost = 0;    ///< calls that had begun, or may have, when their worker died
  std::uint64_t leaked = 0;  ///< calls that went on past the grace after their cancel
  // By their idempotency key:
  std::uint64_t keys_joined = 0;    ///< calls that wait, or waited, for another's outcome
  std::uint64_t keys_replayed = 0;  ///< answered by an outcome that was kept
  std::uint64_t keys_refused = 0;   ///< the key was that of another function or other arguments
};

class PoolCore {
 public:
  /// Throws std::invalid_argument, with a sentence, where flaw_of() finds one.
  PoolCore(PoolCoreOptions options, Time now);
  PoolCore(const PoolCore&) = delete;
  PoolCore& operator=(const PoolCore&) = delete;

  // From whoever runs the pool.
  void start(Time now);
  /// No more calls; those there are have until `by`, then workers are killed. Again: an earlier `by` counts.
  void drain(Time by, Time now);
  /// Replaces all workers, one after the other, by ones that have loaded the code anew; where one of those does not
  /// start, the others stay. Reloaded tells the end, once also where it is asked for again meanwhile: then all of it
  /// begins anew.
  void reload(Time now);

  // From sessions. submit gives the call's id, or nothing where it was answered at once. A nested one is, where no
  // place is free for it, and ends after nested_begin_max where it has not begun: it must not wait for who waits for
  // it.
  std::optional<CallId> submit(std::string_view function, Submission&& submission, Time now);
  /// The receipt comes once it is known: at the latest when the grace is over, or the worker dead.
  void cancel(CallId call, Time now, std::optional<ReceiptRequest> receipt = std::nullopt);
  void detach(CallId call);
  /// What a stream's reader has room for, in total; it never gets less.
  void credit(CallId call, StreamCredit credit, Time now);
  void on_session_closed(SessionId session, Time now);
  /// A paused session's queued calls wait: it does not take the results that it has. Drain ends every pause.
  void pause_session(SessionId session, bool paused, Time now);
  /// Whether calls of it are not answered yet: until then its id must not name another.
  [[nodiscard]] bool session_has_calls(SessionId session) const noexcept;
  /// Its calls that no worker has, and the bytes of their requests.
  [[nodiscard]] std::size_t session_queued(SessionId session) const noexcept;
  [[nodiscard]] std::size_t session_queued_bytes(SessionId session) const noexcept;

  // From workers. An incarnation that is not the worker's present one is passed over.
  void on_registered(WorkerId, Incarnation, const Registration&, Time now);
  void on_boot_failed(WorkerId, Incarnation, Error, Time now);
  void on_result(WorkerId, Incarnation, CallId, Reply&&, Time now);
  void on_error(WorkerId, Incarnation, CallId, Error&&, Time now);
  void on_items(WorkerId, Incarnation, CallId, StreamItems&&, Time now);
  /// Some of them are no values: the stream ends with the error, before the first of them.
  void on_flawed_items(WorkerId, Incarnation, CallId, const StreamItems&, Error&&, Time now);
  void on_end(WorkerId, Incarnation, CallId, std::uint64_t items, Time now);
  /// BEGUN: `seq` of the latest begun, by execution.
  void on_begun(WorkerId, Incarnation, std::uint64_t loop, std::uint64_t thread, Time now);
  /// The same two cells, read from the status page after `now` was read from the clock.
  void on_page(WorkerId, Incarnation, std::uint64_t loop, std::uint64_t thread, Time now);
  /// What the page shows beside, read with them.
  void on_pulse(WorkerId, Incarnation, const Pulse&, Time now);
  /// What its loop is at, which is blocked: the call, 0 where that is unknown, and the stack of its thread.
  void on_examined(WorkerId, Incarnation, Sight sight);
  /// After Examine and on_examined: kills it if its loop is blocked still, by the page that was just read.
  void end_blocked(WorkerId, Incarnation, Time now);
  void on_pong(WorkerId, Incarnation, std::uint64_t n, Time now);
  /// The peer broke the protocol: it is killed.
  void on_violation(WorkerId, Incarnation, std::string why);
  /// Kills it; its end counts as `reason`.
  void end(WorkerId, Incarnation, EndReason reason, std::string why);
  /// Replaces it, first: another boots and takes over, then calls that it has may end within stop_timeout, then it
  /// leaves. Nothing for one that is not ready, or is to be replaced already. Its end counts as `why`.
  void retire(WorkerId, Incarnation, EndReason why, Time now);
  /// Its resident memory.
  void on_rss(WorkerId, Incarnation, std::uint64_t bytes, Time now);
  /// It is reaped; nothing of it runs any more. The last page was handed in before.
  void on_exited(WorkerId, Incarnation, const Exit&, Time now);

  /// Deadlines. The shell read the clock, then the pages (on_page), then calls this with that time.
  void on_time(Time now);
  [[nodiscard]] Time next_time() const;

  [[nodiscard]] Actions& actions() noexcept { return actions_; }
  /// nullopt where the call was over before its RUN was written.
  [[nodiscard]] std::optional<Run> run_of(const SendRun&);

  /// The function of a call that this worker has; empty: it has none such.
  [[nodiscard]] std::string function_of(WorkerId, CallId);

  [[nodiscard]] PoolState state() const noexcept { return state_; }
  [[nodiscard]] const Functions& functions() const noexcept { return functions_; }
  [[nodiscard]] const std::vector<LeftOut>& left_out() const noexcept { return left_out_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Worker>>& workers() const noexcept { return workers_; }
  [[nodiscard]] const PoolCounters& counters() const noexcept { return counters_; }
  /// Sessions that something is kept of, and room for those below the last of them.
  [[nodiscard]] std::size_t sessions() const noexcept { return sessions_.size(); }
  [[nodiscard]] std::size_t queued() const noexcept { return queued_; }
  /// Accepted and not over, answered ones that a worker still has included; what is executed for an idempotency key
  /// counts beside those that wait for it.
  [[nodiscard]] std::size_t calls() const noexcept { return calls_.size(); }
  /// When that many calls are done, as far as is known: for who is refused.
  [[nodiscard]] std::uint64_t retry_after_ms(std::size_t calls, Time now) const noexcept {
    return pace_.retry_after_ms(calls, now);
  }
  /// What killed workers lately, and what of it is refused.
  [[nodiscard]] std::vector<Quarantine::Entry> quarantine(Time now) { return quarantine_.list(now); }
  /// By its fingerprint as it is shown, or "all": how many there were.
  std::size_t lift_quarantine(std::string_view fingerprint) { return quarantine_.lift(fingerprint); }
  [[nodiscard]] const IdempotencyKeys& idempotency_keys() const noexcept { return keys_; }
  /// For who looks on; valid until the next event. nullptr where that call is over.
  [[nodiscard]] const Call* find(CallId id) const noexcept { return calls_.find(id); }
  /// Calls sent to a worker that has not shown them begun: while there are any, its page is worth reading.
  [[nodiscard]] bool awaits_begin() const noexcept;
  /// How often the pages are to be read; nothing: they show nothing new.
  [[nodiscard]] std::optional<Duration> page_interval() const noexcept;

 private:
  using Queue = IntrusiveList<Call, PlaceTag>;
  struct Session {
    IntrusiveList<Call, SessionTag> calls;
    std::size_t queued = 0;
    std::size_t queued_bytes = 0;
    bool paused = false;
  };

  // dispatch.cpp
  [[nodiscard]] static std::size_t place_of(const Call&) noexcept;
  void enqueue(Call&, bool front);
  void count_queued(Call&, bool queued);
  [[nodiscard]] Session& session(SessionId);
  void set_pause(SessionId, bool paused);
  void forget_session(SessionId);
  void pump(Time now);
  void pump_parked(Time now);
  [[nodiscard]] bool pump_queue(FairQueue&, Time now);
  void park(Call&);
  [[nodiscard]] bool is_full() const noexcept;
  [[nodiscard]] bool may_have(const Worker&, const Call&) const noexcept;
  [[nodiscard]] Worker* choose(const Call&, bool& room) const;
  [[nodiscard]] bool hopeless(FunctionId) const;
  void drop_hopeless(Call&);
  void assign(Call&, Worker&, Time now);
  void count_limit(Call&, Worker&, int change);

  // alone.cpp
  static constexpr Duration nested_begin_max = std::chrono::seconds(1);
  static constexpr Duration alone_begin_max = std::chrono::seconds(5);
  [[nodiscard]] std::optional<Error> suspicion(std::string_view function, const Submission&, Time now,
                                               std::uint64_t& fingerprint, bool& alone);
  [[nodiscard]] std::optional<Error> nested_refusal(FunctionId, const Submission&, Time now) const;
  static void hasten(Call&, Haste, Time by);
  void pump_alone(Time now);
  void release_reserved(Call&, Worker&);
  void note_suspects(Worker&, Time now);
  [[nodiscard]] Error hurried_error(const Call&, Certainty, Time now) const;

  // keyed.cpp
  std::optional<CallId> submit_keyed(std::string_view function, Submission&&, Time now);
  [[nodiscard]] std::optional<Error> key_refusal(const Submission&, const IdempotencyKeys::Entry*,
                                                 std::uint64_t fingerprint, Time now) const;
  void replay(std::string_view function, const Submission&, const IdempotencyKeys::Entry&);
  Call& join(Call& execution, const Submission&, Time now);
  static void extend(Call& execution, const Call& waiter);
  void end_haste(Call& execution);
  void end_shared(Call& execution, Outcome&&);
  [[nodiscard]] bool execute_again(Call& execution, const Error&);
  void leave(Call& waiter, Error&&, Time now, bool deadline);
  void abandon(Call& execution, bool deadline, Time now);
  void cancel_joined(Call& waiter, Time now, const std::optional<ReceiptRequest>&);
  void expire_joined(Call& waiter, Time now);
  [[nodiscard]] Certainty certainty_for(const Call& waiter, Time page_read) const;
  void amend(const Call& execution, const Outcome&);

  // endings.cpp
  void answer(Call&, Outcome&&);
  void deliver(const Submission&, Error&&);
  void drop_queued(Call&, Error&&);
  void finish(Call&, Worker&, Time now);
  void expire(Call&, Time now);
  [[nodiscard]] Error deadline_error(const Call&, std::string_view clock, Certainty) const;
  [[nodiscard]] Error not_begun_error(const Call&, Certainty, Time now) const;
  [[nodiscard]] Error lost_error(const Call&, const Worker&, const Exit&, const Verdict&, Time now) const;
  [[nodiscard]] Certainty certainty_of(const Call&, Time page_read) const;

  // cancels.cpp
  struct PendingReceipt {
    ReceiptRequest request;
    Time since;
  };
  void cancel_call(Call&, Time now);
  void send_cancel(Call&, bool deadline, Time now);
  void watch_grace(Call&, Time now);
  void give_receipt(const ReceiptRequest&, CancelEnd, Duration after);
  void end_receipts(Call&, CancelEnd, Time now);

  // streams.cpp
  [[nodiscard]] Call* streaming(Worker&, CallId, std::string_view record);
  [[nodiscard]] bool count_items(Call&, Worker&, std::uint64_t first, std::uint64_t count, std::size_t bytes, Time now);
  void suspend(Call&, Worker&, Time now);
  void await_next_item(Call&, Time now);

  // stalls.cpp
  void tell_blocked(Worker&);
  [[nodiscard]] bool is_stalled(const Worker&) const noexcept;
  [[nodiscard]] bool is_overdue(Worker&, Time now) const;
  void find_blocked(Worker&, Time now);

  // culprits.cpp
  [[nodiscard]] Call* blocking_call(Worker&);
  [[nodiscard]] Call* dumped_call(Worker&, std::string_view stack);
  [[nodiscard]] Verdict verdict(Worker&, const Exit&);
  void note_kill(Worker&, const Verdict&, Time now);
  void blame(const Call&, const Worker&, const Verdict&, Error&) const;
  void name_blocking(const Call&, Error&);

  // leaks.cpp
  void find_leaks(Worker&, Time now);
  void leak(Call&, Worker&, Time now);
  [[nodiscard]] bool too_many_leaked(const Call&, Worker&);

  // steps.cpp; asked for only where options_.call_steps
  void tell(const Call&, CallStep::What);
  void tell_refusal(std::string_view function, const Submission&, const Error&);
  void tell_end(const Call&, const Outcome&);
  void tell_replay(std::string_view function, const Submission&, const Outcome&);

  // pool_core.cpp
  [[nodiscard]] Call* accept(std::string_view function, Submission&, Time now);
  void refuse(std::string_view function, const Submission&, Error&&);
  void hurry(Call&, bool nested, bool alone, Time now);
  void admit(Call&, Time now);
  [[nodiscard]] Worker* current(WorkerId, Incarnation) noexcept;
  [[nodiscard]] Call* leased(const Worker&, CallId) noexcept;
  void mark_begun(Worker&, Execution, std::uint64_t upto, Time now);
  [[nodiscard]] bool shows_too_much(Worker&, std::uint64_t loop, std::uint64_t thread, Time now);
  void set_timer(Call&);
  [[nodiscard]] std::optional<Error> refusal(std::string_view function, const Submission&, Time now) const;
  [[nodiscard]] std::optional<Error> overload(const Submission&, Time now) const;

  // retirement.cpp
  void ask_to_retire(Worker&, EndReason why);
  void set_limits(Worker&, Time now);
  [[nodiscard]] Worker* vacant_slot() noexcept;
  void replace_next(Time now);
  [[nodiscard]] Worker* replacement_of(WorkerId) noexcept;
  void take_over(Worker& replacement, Time now);
  void let_go(Worker& old, Worker& next, Time now);
  void leave_if_done(Worker&, Time now);
  void stop(Worker&, Time by, Time now);
  void pass_duty(Worker& from, Worker& to) noexcept;
  void on_replacement_failed(Worker&, Time now);
  [[nodiscard]] bool give_up_slot(Worker&, Time now);

  // spares.cpp
  [[nodiscard]] Worker* standby() noexcept;
  static void swap_duty(Worker&, Worker&) noexcept;
  void fill_places();
  void replace_by_spare(Worker& old, Worker& spare, Worker& vacant, Time now);

  // reload.cpp
  void end_reload_if_done();
  void fail_reload(const Error&);
  template <class T>
  [[nodiscard]] T shortened(T full) {
    return full - static_cast<T>(static_cast<double>(full) * options_.jitter * chance_.fraction());
  }
  [[nodiscard]] Duration shortened(Duration full) { return Duration(shortened(full.count())); }

  // restarts.cpp
  void respawn(Worker&, const Exit&, Time now);
  [[nodiscard]] Duration backoff(std::uint32_t times);
  [[nodiscard]] bool too_many_restarts(Time now);
  void on_boot_over(Worker&, Time now);
  void give_up(Error error);

  // life.cpp
  void spawn(Worker&, Time now);
  void on_worker_time(Worker&, Time now);
  void count_end(Worker&, const Exit&, bool booted);
  [[nodiscard]] bool all_serve() const noexcept;
  void ping(Worker&, Time now);
  void fail(Error error);
  void answer_queued(const Error&);
  void stop_if_drained(Time now);
  void give_back_leases(Worker&, const Exit&, const Verdict&, Time now);

  PoolCoreOptions options_;
  PoolState state_ = PoolState::starting;
  Functions functions_;
  std::vector<LeftOut> left_out_;
  std::vector<std::unique_ptr<Worker>> workers_;
  CallTable calls_;
  TimerWheel timers_;
  std::array<FairQueue, executions> queues_;
  std::size_t first_queue_ = 0;
  // By place_of(): calls that wait for their function's limit, or for a worker that has it, or for one that may have
  // another suspended stream, while there is room for others. They came before what is queued of their kind.
  std::vector<std::unique_ptr<FairQueue>> parked_;
  std::vector<std::size_t> parking_;                // places that have parked calls
  bool parked_first_ = true;                        // by turns with what is queued
  std::vector<std::uint32_t> running_in_pool_;      // by FunctionId: sent or begun
  std::vector<std::unique_ptr<Session>> sessions_;  // by SessionId
  std::size_t queued_ = 0;
  std::size_t queued_bytes_ = 0;
  Pace pace_;
  Quarantine quarantine_;
  IdempotencyKeys keys_;
  std::size_t joined_ = 0;  // calls that wait for another's outcome
  Queue alone_;             // that wait for a worker without other calls
  bool reserving_ = false;  // a worker is kept for one of them, or has it
  std::uint64_t last_incarnation_ = 0;
  std::unordered_multimap<std::uint64_t, PendingReceipt> receipts_;  // by CallId
  Time drain_by_ = never;
  std::deque<std::pair<WorkerId, Incarnation>> to_retire_;  // in the order in which it was wanted
  std::uint32_t replace_failures_ = 0;                      // in a row
  Time replace_at_ = Time::min();                           // not before
  bool replace_due_ = false;                                // a worker has had max_calls
  bool place_taken_ = false;                                // by a spare: the queue is to be looked at
  std::deque<Time> restarts_;                               // those that count, within options_.restarts_within
  std::uint64_t generation_ = 0;
  bool reloading_ = false;
  Chance chance_;
  std::optional<Error> failure_;
  PoolCounters counters_;
  Actions actions_;
};

}  // namespace clutch::core
