#include "loop_engine.hpp"

#include <pthread.h>

#include <algorithm>

#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/writer.hpp"
#include "fork_guard.hpp"
#include "loop_thread.hpp"
#include "signals_blocked.hpp"

namespace clutch::detail {
namespace {

const CallOptions no_options;
constexpr const char* ended = "the pool or client has ended";

bool plain(const CallOptions& options) {
  return !options.timeout && !options.attempt_timeout && !options.queue_timeout && !options.retry &&
         options.metadata.empty() && options.pool.empty() && options.idempotency_key.empty() && !options.priority;
}

Blob encoded(const std::map<std::string, std::string>& metadata) {
  if (metadata.empty()) return {};
  protocol::Writer writer;
  writer.map(metadata.size());
  for (const auto& [key, value] : metadata) {
    writer.string(key);
    writer.string(value);
  }
  return writer.blob();
}

// A caller may say "for ever" with the largest duration there is.
LoopEngine::Time after(LoopEngine::Time start, const std::optional<std::chrono::nanoseconds>& duration) {
  if (!duration || *duration >= LoopEngine::Time::max() - start) return LoopEngine::Time::max();
  return start + *duration;
}

// `shop.order`: attempt 1 of 5 ended as failed (shop.OutOfStock), tried again in 100 ms
std::string sentence(const Retries::Entry& entry, const Error& error, std::chrono::nanoseconds delay) {
  std::string text = "`" + entry.function + "`: attempt " + std::to_string(entry.attempt) + " of " +
                     std::to_string(entry.options.retry->attempts) + " ended as " + std::string(to_string(error.code));
  if (error.exception) text += " (" + error.exception->type + ")";
  return text + ", tried again in " + std::to_string(delay / std::chrono::milliseconds(1)) + " ms";
}

}  // namespace

LoopEngine::LoopEngine() : loop_(guard_), fork_generation_(fork_generation()) {}

LoopEngine::~LoopEngine() {
  // The thread that is named here did not come along into the child; there is nothing to join, and nothing to detach.
  if (forked()) static_cast<void>(new std::thread(std::move(thread_)));
}

bool LoopEngine::forked() const noexcept { return fork_generation() != fork_generation_; }

Error LoopEngine::gone(std::string message) {
  Error error;
  error.code = Code::unavailable;
  error.stage = Stage::transport;
  error.message = std::move(message);
  return error;
}

void LoopEngine::run() {
  const SignalsBlocked blocked;
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "clutch-loop");
    loop_of_this_thread = this;
    while (!halting_.load()) {
      loop_.turn([this] { return more_ || inbox_full_.load() || halting_.load(); }, [this] { step(); });
    }
  });
}

void LoopEngine::step() {
  const auto now = Clock::now();
  take_inbox(now);
  for (const auto tag : retries_.take_due(now)) attempt_again(tag, now);
  turn(now);
  loop_.arm(std::min(next_time(now), retries_.next_time()));
  more_ = has_mail();  // sending may have swallowed the descriptor's edge
}

void LoopEngine::halt() {
  halting_.store(true);
  loop_.wake();
  if (thread_.joinable()) thread_.join();
  {
    const std::lock_guard stepping(guard_);
    end_retries();
    for (auto& [id, receipt] : std::exchange(receipts_, {})) give_receipt(receipt, gone(ended));
  }
  const std::lock_guard lock(inbox_mutex_);
  for (auto& item : inbox_) {
    if (item.kind == Item::Kind::submit) item.call->complete(gone(ended));
    give_receipt(item.receipt, gone(ended));
  }
  inbox_.clear();
}

void LoopEngine::submit(CallRef call, std::string_view function, Request&& request, const CallOptions& options) {
  if (forked()) {
    call->complete(gone("this process was forked from the one that has the pool or client: make one of its own here"));
    return;
  }
  if (function.size() > limits::function_name_bytes_max) {
    Error error;
    error.code = Code::not_found;
    error.stage = Stage::lookup;
    error.message = "a function's name has at most 256 bytes; this one has " + std::to_string(function.size());
    call->complete(std::move(error));
    return;
  }
  if (send_directly(call, function, request, options)) return;
  Item item;
  item.call = std::move(call);
  item.request = std::move(request);
  if (!plain(options)) item.options = std::make_unique<CallOptions>(options);
  if (!plain(options)) item.submitted = Clock::now();
  {
    const std::lock_guard lock(inbox_mutex_);
    if (!halting_.load()) {
      item.function = names_.keep(function);
      if (item.function == nullptr) {
        item.own_function = std::make_unique<const std::string>(function);
        item.function = item.own_function.get();
      }
      inbox_.push_back(std::move(item));
      inbox_full_.store(true);
    }
  }
  if (item.call) {  // NOLINT(bugprone-use-after-move): moved only where it was taken
    item.call->complete(gone(ended));
    return;
  }
  loop_.wake();
}

// While nothing is under way, waking the loop would cost more than the call: the caller steps and sends for itself.
bool LoopEngine::send_directly(CallRef& call, std::string_view function, Request& request, const CallOptions& options) {
  if (in_flight_.load(std::memory_order_relaxed) != 0 || inbox_full_.load()) return false;
  const std::unique_lock lock(guard_, std::try_to_lock);
  if (!lock || inbox_full_.load() || halting_.load()) return false;
  const auto now = Clock::now();
  begin(std::move(call), function, std::move(request), &options, now, now);
  flush(now);
  loop_.arm(std::min(next_time(now), retries_.next_time()));
  // Sending may have swallowed the edge that would have woken the loop.
  if (has_mail()) loop_.wake();
  return true;
}

bool LoopEngine::push(Item&& item) {
  {
    const std::lock_guard lock(inbox_mutex_);
    if (halting_.load()) return false;
    inbox_.push_back(std::move(item));
    inbox_full_.store(true);
  }
  loop_.wake();
  return true;
}

void LoopEngine::cancel(CallState& call, CallRef receipt) {
  Item item;
  item.kind = Item::Kind::cancel;
  item.call = CallRef(&call);
  item.receipt = std::move(receipt);
  // NOLINTNEXTLINE(bugprone-use-after-move): moved only where it was taken
  if (forked() || !push(std::move(item))) give_receipt(item.receipt, gone(ended));
}

void LoopEngine::on_credit(CallState& stream) {
  if (forked()) return;
  Item item;
  item.kind = Item::Kind::credit;
  item.call = CallRef(&stream);
  push(std::move(item));
}

void LoopEngine::detach(CallState& call) {
  if (forked()) return;
  Item item;
  item.kind = Item::Kind::detach;
  item.call = CallRef(&call);
  push(std::move(item));
}

void LoopEngine::on_loop(std::function<void()> task) {
  Item item;
  item.kind = Item::Kind::task;
  item.task = std::move(task);
  push(std::move(item));
}

void LoopEngine::post(void (*task)(void*), void* argument) { completion_.post(task, argument); }

void LoopEngine::take_inbox(Time now) {
  if (!inbox_full_.load()) return;
  {
    const std::lock_guard lock(inbox_mutex_);
    std::swap(taking_, inbox_);
    inbox_full_.store(false);
  }
  for (auto& item : taking_) {
    switch (item.kind) {
      case Item::Kind::submit:
        begin(std::move(item.call), *item.function, std::move(item.request), item.options.get(), item.submitted, now);
        break;
      case Item::Kind::cancel:
        if (item.call->done()) {
          give_receipt(item.receipt, CancelReceipt{});
        } else {
          cancel_now(*item.call, std::move(item.receipt), now);
        }
        break;
      case Item::Kind::credit:
        if (!item.call->done()) credit_attempt(item.call->id.load(), item.call->stream()->credit(), now);
        break;
      case Item::Kind::detach:
        if (!item.call->done()) detach_now(*item.call);
        break;
      case Item::Kind::task:
        item.task();
        break;
    }
  }
  taking_.clear();
}

void LoopEngine::begin(CallRef call, std::string_view function, Request&& request, const CallOptions* given,
                       Time submitted, Time now) {
  const CallOptions& options = given != nullptr ? *given : no_options;
  Attempt attempt;
  attempt.function = function;
  attempt.request = std::move(request);
  attempt.deadline = after(submitted, options.timeout);
  attempt.queue_deadline = after(submitted, options.queue_timeout);
  attempt.attempt_timeout = options.attempt_timeout;
  attempt.metadata = encoded(options.metadata);
  attempt.pool = options.pool;
  attempt.idempotency_key = options.idempotency_key;
  attempt.priority = options.priority.value_or(Priority::normal);
  if (auto* stream = call->stream()) attempt.stream = stream->credit();
  // The engine's reference travels as the tag, and comes back in finish().
  CallState* state = call.leak();
  attempt.tag = reinterpret_cast<std::uint64_t>(state);
  in_flight_.fetch_add(1, std::memory_order_relaxed);
  if (options.retry && options.retry->attempts > 1) {
    retries_.keep(attempt.tag, {.function = std::string(function),
                                .request = copy_of(attempt.request),
                                .options = options,
                                .deadline = attempt.deadline,
                                .last_error = {},
                                .place = {}});
  }
  const CallRef kept(state);
  if (const auto name = start_attempt(std::move(attempt), now)) state->id.store(*name);
}

void LoopEngine::attempt_again(std::uint64_t tag, Time now) {
  Retries::Entry& entry = *retries_.find(tag);
  ++entry.attempt;
  Attempt attempt;
  attempt.tag = tag;
  attempt.function = entry.function;
  attempt.request = copy_of(entry.request);
  attempt.deadline = entry.deadline;
  attempt.queue_deadline = after(now, entry.options.queue_timeout);
  attempt.attempt_timeout = entry.options.attempt_timeout;
  attempt.attempt = entry.attempt;
  attempt.metadata = encoded(entry.options.metadata);
  attempt.pool = entry.options.pool;
  attempt.idempotency_key = entry.options.idempotency_key;
  attempt.priority = entry.options.priority.value_or(Priority::normal);
  attempt.detached = entry.detached;
  const CallRef kept(reinterpret_cast<CallState*>(tag));
  if (auto* stream = kept->stream()) attempt.stream = stream->credit();
  if (const auto name = start_attempt(std::move(attempt), now)) kept->id.store(*name);
}

void LoopEngine::finish(std::uint64_t tag, Outcome&& outcome) {
  if (auto* error = std::get_if<Error>(&outcome)) {
    if (try_again(tag, *error, Clock::now())) return;
    if (const auto* entry = retries_.find(tag)) error->attempts = entry->attempt;
  } else {
    retries_.on_success();
  }
  complete(tag, std::move(outcome));
}

bool LoopEngine::try_again(std::uint64_t tag, Error& error, Time now) {
  const Retries::Entry* entry = retries_.find(tag);
  auto& call = *reinterpret_cast<CallState*>(tag);
  if (entry == nullptr || retries_ended_ || call.cancel_requested()) return false;
  if (call.stream() != nullptr && call.stream()->received() != 0) return false;  // an item would come twice
  const auto delay = retries_.on_failure(tag, error, now);
  if (delay) on_retry(sentence(*entry, error, *delay));
  return delay.has_value();
}

void LoopEngine::complete(std::uint64_t tag, Outcome&& outcome) {
  retries_.forget(tag);
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  const auto call = CallRef::adopt(reinterpret_cast<CallState*>(tag));
  call->complete(std::move(outcome));
}

void LoopEngine::end_retries() {
  retries_ended_ = true;
  for (const auto tag : retries_.take_waiting()) {
    const auto& entry = *retries_.find(tag);
    Error error = entry.last_error;
    error.attempts = entry.attempt;
    complete(tag, std::move(error));
  }
}

void LoopEngine::finish_items(std::uint64_t tag, StreamItems&& items) {
  reinterpret_cast<CallState*>(tag)->stream()->push(std::move(items));
}

void LoopEngine::finish_receipt(std::uint64_t receipt, Result<CancelReceipt> what) {
  const auto at = receipts_.find(receipt);
  if (at == receipts_.end()) return;
  give_receipt(at->second, std::move(what));
  receipts_.erase(at);
}

void LoopEngine::detach_now(CallState& call) {
  const auto tag = reinterpret_cast<std::uint64_t>(&call);
  if (auto* entry = retries_.find(tag)) entry->detached = true;
  if (!retries_.waits(tag)) detach_attempt(call.id.load());
}

void LoopEngine::cancel_now(CallState& call, CallRef receipt, Time now) {
  const auto tag = reinterpret_cast<std::uint64_t>(&call);
  if (!retries_.waits(tag)) {
    const auto id = receipt ? ++last_receipt_ : 0;
    if (receipt) receipts_.emplace(id, std::move(receipt));
    return cancel_attempt(call.id.load(), id, now);
  }
  // Between two attempts nothing runs: what the last one was is told, as what the cancel found.
  const auto& entry = *retries_.find(tag);
  Error error = entry.last_error;
  error.code = Code::cancelled;
  error.message = "cancelled while it waited to be tried again; the attempt before: " + error.message;
  error.attempts = entry.attempt;
  give_receipt(receipt, CancelReceipt{.what = CancelEnd::removed_from_queue});
  complete(tag, std::move(error));
}

}  // namespace clutch::detail
