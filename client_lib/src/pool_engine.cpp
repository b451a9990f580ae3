#include "pool_engine.hpp"

#include <future>

#include "core/fingerprint.hpp"

namespace clutch::detail {
namespace {

constexpr core::SessionId own_session{0};
// The bounds of one client are for those of a daemon: here there is one.
PoolOptions without_clients(PoolOptions options) {
  options.client_queued_calls_max = options.queued_calls_max;
  options.client_queued_bytes_max = options.queued_bytes_max;
  return options;
}

constexpr auto last_grace = std::chrono::seconds(10);  // from the killing of workers to their being reaped

}  // namespace

PoolEngine::PoolEngine(const PoolOptions& options)
    : options_(without_clients(options)), context_(std::make_unique<io::ZmqContext>()) {
  io::PoolEvents events;
  events.on_outcome = [this](core::Delivery&& delivery) { finish(delivery.tag, std::move(delivery.outcome)); };
  events.on_items = [this](core::ItemsDelivery&& delivery) { finish_items(delivery.tag, std::move(delivery.items)); };
  events.on_receipt = [this](core::ReceiptDelivery&& given) { finish_receipt(given.receipt.value, given.what); };
  events.on_started = [this] { on_life(Life::running, nullptr); };
  events.on_failed = [this](const Error& error) { on_life(Life::failed, &error); };
  events.on_stopped = [this] { on_life(Life::stopped, nullptr); };
  shell_ = std::make_unique<io::PoolShell>(options_, loop_, *context_, std::move(events));
}

PoolEngine::~PoolEngine() {
  if (!forked()) return;
  // Threads, sockets and processes are the parent's: nothing of them is touched, not even to free it.
  shell_->abandon();
  static_cast<void>(shell_.release());
  static_cast<void>(context_.release());
}

void PoolEngine::on_life(Life life, const Error* error) {
  {
    const std::lock_guard lock(life_mutex_);
    if (life_ != Life::stopped) life_ = life;
    if (error != nullptr) failure_ = *error;
  }
  life_changed_.notify_all();
}

std::optional<Error> PoolEngine::start() {
  {
    const std::lock_guard lock(guard_);
    shell_->start(Clock::now());
    loop_.arm(shell_->next_time(Clock::now()));
  }
  run();
  std::optional<Error> failure;
  {
    std::unique_lock lock(life_mutex_);
    life_changed_.wait(lock, [this] { return life_ != Life::starting; });
    failure = failure_;
  }
  if (failure) stop(std::chrono::nanoseconds(0), false);
  return failure;
}

bool PoolEngine::stop(std::chrono::nanoseconds timeout, bool cancel_first) {
  if (forked()) return true;
  {
    const std::lock_guard lock(life_mutex_);
    if (std::exchange(stopped_, true)) return true;
  }
  bool killed = false;
  on_loop([this, timeout, cancel_first] {
    const auto now = Clock::now();
    end_retries();
    if (cancel_first) shell_->core().on_session_closed(own_session, now);
    shell_->drain(timeout >= Time::max() - now ? Time::max() : now + timeout, now);
  });
  {
    std::unique_lock lock(life_mutex_);
    const auto bound = std::min<std::chrono::nanoseconds>(timeout, std::chrono::hours(24 * 365)) + last_grace;
    killed = !life_changed_.wait_for(lock, bound, [this] { return life_ == Life::stopped; });
  }
  halt();
  killed = killed || shell_->drain_was_cut();
  shell_->end_nursery();
  return !killed;
}

std::vector<WorkerInfo> PoolEngine::workers() {
  std::vector<WorkerInfo> workers;
  if (forked()) return workers;
  const std::lock_guard lock(guard_);
  for (const auto& fact : shell_->worker_facts()) {
    workers.push_back({fact.worker, fact.incarnation, fact.pid, std::string(fact.state), fact.calls, fact.restarts,
                       fact.in_flight, fact.suspended, fact.leaked});
  }
  return workers;
}

std::vector<QuarantinedCall> PoolEngine::quarantine() {
  std::vector<QuarantinedCall> calls;
  if (forked()) return calls;
  const std::lock_guard lock(guard_);
  const auto now = Clock::now();
  for (const auto& entry : shell_->core().quarantine(now)) {
    calls.push_back(
        {core::shown(entry.fingerprint), entry.function, entry.kills, entry.quarantined, entry.until - now});
  }
  return calls;
}

bool PoolEngine::lift_quarantine(const std::string& fingerprint) {
  if (forked()) return false;
  const std::lock_guard lock(guard_);
  return shell_->core().lift_quarantine(std::string_view(fingerprint)) != 0;
}

int PoolEngine::nursery_pid() {
  if (forked()) return 0;
  const std::lock_guard lock(guard_);
  return shell_->nursery_pid();
}

std::map<std::string, std::uint64_t> PoolEngine::ends() {
  std::map<std::string, std::uint64_t> ends;
  if (forked()) return ends;
  const std::lock_guard lock(guard_);
  const auto& counts = shell_->core().counters().ends;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) ends.emplace(to_string(static_cast<core::EndReason>(i)), counts[i]);
  }
  return ends;
}

std::optional<Error> PoolEngine::reload() {
  Error gone;
  gone.code = Code::unavailable;
  gone.stage = Stage::setup;
  gone.message = "the pool cannot be reloaded: it has ended, or is another process's";
  if (forked()) return gone;
  const auto end = std::make_shared<std::promise<std::optional<Error>>>();
  auto told = end->get_future();
  on_loop([this, kept = std::weak_ptr(end)] {
    const auto on_end = [kept](const std::optional<Error>& error) {
      if (const auto promise = kept.lock()) promise->set_value(error);
    };
    shell_->reload(on_end, Clock::now());
  });
  while (told.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
    const std::lock_guard lock(life_mutex_);
    if (life_ == Life::stopped && stopped_) return gone;
  }
  return told.get();
}

FunctionList PoolEngine::functions() {
  FunctionList list;
  if (forked()) return list;
  const std::lock_guard lock(guard_);
  const core::PoolCore& core = shell_->core();
  for (const auto* function : core.functions().current()) {
    std::string per;
    if (function->limit != 0) per = function->limit_per_pool ? "pool" : "worker";
    list.functions.push_back({function->name, std::string(to_string(function->kind)), function->signature,
                              function->doc, function->limit, std::move(per), function->notes, options_.name});
  }
  for (const auto& entry : core.left_out()) list.left_out.push_back({entry.name, entry.why, options_.name});
  return list;
}

std::optional<std::uint64_t> PoolEngine::start_attempt(Attempt&& attempt, Time now) {
  core::Submission submission;
  submission.session = own_session;
  submission.tag = attempt.tag;
  submission.request = std::move(attempt.request);
  submission.deadline = attempt.deadline;
  submission.queue_deadline = attempt.queue_deadline;
  submission.attempt_timeout = attempt.attempt_timeout;
  submission.attempt = attempt.attempt;
  submission.metadata = std::move(attempt.metadata);
  submission.detached = attempt.detached;
  submission.idempotency_key = std::move(attempt.idempotency_key);
  submission.priority = static_cast<core::Priority>(attempt.priority);
  submission.stream = attempt.stream;
  const auto call = shell_->core().submit(attempt.function, std::move(submission), now);
  if (!call) return std::nullopt;
  return call->value;
}

void PoolEngine::on_retry(const std::string& what) {
  shell_->log().write(LogLevel::warning, "pool " + options_.name, what);
}

void PoolEngine::cancel_attempt(std::uint64_t name, std::uint64_t receipt, Time now) {
  std::optional<core::ReceiptRequest> request;
  if (receipt != 0) request = core::ReceiptRequest{own_session, core::ReceiptId{receipt}};
  shell_->cancel(core::CallId{name}, now, request);
}

void PoolEngine::credit_attempt(std::uint64_t name, StreamCredit credit, Time now) {
  shell_->core().credit(core::CallId{name}, credit, now);
}

void PoolEngine::detach_attempt(std::uint64_t name) { shell_->core().detach(core::CallId{name}); }

}  // namespace clutch::detail
