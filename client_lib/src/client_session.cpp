// Calls and time. What goes over the link is in client_session_link.cpp.
#include "client_session.hpp"

#include <algorithm>
#include <functional>

namespace clutch::detail {
namespace {

constexpr auto tick_interval = std::chrono::seconds(1);
constexpr auto backstop = std::chrono::seconds(1);  // the daemon answers at the deadline; this is for when it does not
constexpr int silent_ticks_max = 5;                 // one is no sign: this process itself may have been stopped

Error error_of(Code code, Stage stage, Certainty certainty, std::string message) {
  Error error;
  error.code = code;
  error.stage = stage;
  error.certainty = certainty;
  error.message = std::move(message);
  return error;
}

}  // namespace

std::optional<Error> ClientSession::refusal_of(const SessionCall& call, Time now) const {
  if (state_ == State::closed) {
    return error_of(Code::unavailable, Stage::transport, Certainty::not_started, "the client has ended");
  }
  if (given_up_) return given_up_;
  const auto bytes = call.request.bytes();
  if (bytes > payload_bytes_max_) {
    return error_of(Code::invalid_argument, Stage::arguments, Certainty::not_started,
                    "the arguments have " + std::to_string(bytes) + " bytes, the daemon takes at most " +
                        std::to_string(payload_bytes_max_));
  }
  if (queued_ >= options_.queued_calls_max || queued_bytes_ + bytes > options_.queued_bytes_max) {
    auto error = error_of(Code::overloaded, Stage::queue, Certainty::not_started,
                          "the client's queue is full (" + std::to_string(queued_) + " calls, " +
                              std::to_string(queued_bytes_) + " bytes wait): submit more slowly");
    error.retry_after_ms = pace_.retry_after_ms(queued_, now);
    return error;
  }
  if (std::min(call.deadline, call.queue_deadline) <= now) {
    return error_of(Code::deadline_exceeded, Stage::queue, Certainty::not_started,
                    std::string(call.deadline <= now ? "timeout" : "queue_timeout") +
                        " had expired before the call was sent: it was not begun");
  }
  return std::nullopt;
}

std::optional<std::uint64_t> ClientSession::submit(SessionCall&& call, Time now) {
  if (auto error = refusal_of(call, now)) {
    error->attempts = call.attempt;
    ended_.push_back({call.tag, std::move(*error)});
    return std::nullopt;
  }
  const auto number = ++last_number_;
  if (calls_.empty()) tick_at_ = now + tick_interval;
  const auto at = calls_.emplace(number, Entry{std::move(call)}).first;
  if (queued_ == 0) pace_.on_idle_over(now);
  count_queued(at->second, true);
  set_timer(number, at->second);
  unsent_.push_back(number);
  return number;
}

void ClientSession::count_queued(const Entry& entry, bool queued) {
  const auto bytes = entry.call.request.bytes();
  queued_ += queued ? 1 : std::size_t(-1);
  queued_bytes_ += queued ? bytes : std::size_t(0) - bytes;
}

void ClientSession::end(Calls::iterator at, Outcome&& outcome) {
  Entry& entry = at->second;
  if (!entry.sent) count_queued(entry, false);
  if (auto* error = std::get_if<Error>(&outcome); error != nullptr) {
    error->attempts = entry.call.attempt;
    if (entry.call.stream) error->items = entry.items;
  }
  ended_.push_back({entry.call.tag, std::move(outcome)});
  calls_.erase(at);
  forget_timers();
}

// Numbers that are over stay in unsent_ and are passed by.
void ClientSession::end_unsent(Error error) {
  for (const auto number : std::exchange(unsent_, {})) {
    if (const auto at = calls_.find(number); at != calls_.end()) end(at, Error(error));
  }
  for (const auto& query : std::exchange(queries_, {})) answered_.push_back({query.n, error});
}

void ClientSession::cancel(std::uint64_t number, std::uint64_t receipt) {
  const auto at = calls_.find(number);
  const bool over = at == calls_.end();
  if (over || !at->second.sent) {
    const auto what = over ? CancelEnd::already_finished : CancelEnd::removed_from_queue;
    if (receipt != 0) receipts_.push_back({receipt, CancelReceipt{.what = what}});
    if (over) return;
    return end(at, error_of(Code::cancelled, Stage::queue, Certainty::not_started, "cancelled before it was sent"));
  }
  if (std::exchange(at->second.cancelled, true) && receipt == 0) return;
  if (receipt != 0) awaited_receipts_.insert(receipt);
  cancels_.push_back({receipt, number});
}

void ClientSession::detach(std::uint64_t number) {
  const auto at = calls_.find(number);
  if (at == calls_.end() || at->second.call.detached) return;
  at->second.call.detached = true;
  if (at->second.sent) detaches_.push_back(number);
}

std::uint64_t ClientSession::query(std::string what, Time now) { return ask({0, std::move(what), {}}, now); }

std::uint64_t ClientSession::command(std::string name, Blob arguments, Time now) {
  return ask({0, std::move(name), std::move(arguments)}, now);
}

std::uint64_t ClientSession::ask(Query&& query, Time now) {
  const auto n = query.n = ++last_query_;
  tick_at_ = std::min(tick_at_, now + tick_interval);
  if (state_ == State::closed || given_up_) {
    answered_.push_back(
        {n, given_up_ ? *given_up_
                      : error_of(Code::unavailable, Stage::transport, Certainty::not_started, "the client has ended")});
    return n;
  }
  queries_.push_back(std::move(query));
  return n;
}

void ClientSession::close() {
  if (state_ == State::closed) return;
  bye_ = state_ == State::open;
  state_ = bye_ ? state_ : State::closed;
  unsent_.clear();
  while (!calls_.empty()) {
    const auto at = calls_.begin();
    const bool sent = at->second.sent;
    end(at, error_of(Code::cancelled, sent ? Stage::run : Stage::queue,
                     sent ? Certainty::maybe_started : Certainty::not_started,
                     "cancelled: the client of its caller ended"));
  }
  const auto ended = error_of(Code::unavailable, Stage::transport, Certainty::not_started, "the client has ended");
  for (const auto& asked : std::exchange(asked_, {})) answered_.push_back({asked.n, ended});
  fail_receipts(ended);
  end_unsent(ended);
}

void ClientSession::on_link(Time now) {
  if (state_ == State::closed) return;
  state_ = State::greeting;
  greeted_ = false;
  given_up_.reset();
  refusal_.reset();
  boot_ = sent_ = acknowledged_ = received_ = window_said_ = 0;
  silent_ = 0;
  ping_ = false;
  pong_.reset();
  tick_at_ = now + tick_interval;
}

void ClientSession::on_link_lost(const std::string& why) {
  if (state_ == State::closed || state_ == State::idle) return;
  const bool was_open = state_ == State::open;
  state_ = bye_ ? State::closed : State::idle;
  cancels_.clear();
  credits_.clear();
  detaches_.clear();
  const auto message = "the connection to the daemon was lost (" + why + ")";
  const auto lost = [&message](const Entry& entry) {
    const bool started = entry.items != 0;
    return error_of(Code::connection_lost, Stage::transport, started ? Certainty::started : Certainty::maybe_started,
                    message + (started ? ": the stream had begun" : ": the call may have begun"));
  };
  for (auto at = calls_.begin(); was_open && at != calls_.end();) {
    const auto next = std::next(at);
    if (at->second.sent) end(at, lost(at->second));
    at = next;
  }
  for (const auto& asked : std::exchange(asked_, {})) {
    answered_.push_back(
        {asked.n, error_of(Code::connection_lost, Stage::transport, Certainty::maybe_started, message)});
  }
  fail_receipts(error_of(Code::connection_lost, Stage::transport, Certainty::maybe_started,
                         message + ": what became of the cancelled call is not known"));
}

void ClientSession::give_up(Error why) {
  if (state_ == State::closed) return;
  why.code = Code::unavailable;
  why.certainty = Certainty::not_started;
  given_up_ = why;
  end_unsent(std::move(why));
}

ClientSession::Time ClientSession::due_of(const Entry& entry) noexcept {
  const auto& call = entry.call;
  if (!entry.sent) return std::min(call.deadline, call.queue_deadline);
  return call.deadline == Time::max() ? Time::max() : call.deadline + backstop;
}

void ClientSession::set_timer(std::uint64_t number, const Entry& entry) {
  const auto at = due_of(entry);
  if (at == Time::max()) return;
  timers_.push_back({at, number});
  std::push_heap(timers_.begin(), timers_.end(), std::greater<>());
  forget_timers();
}

// Calls may have an hour and take a millisecond. A look at all drops at least half of them: constant for each on
// average.
void ClientSession::forget_timers() {
  constexpr std::size_t few = 64;
  if (timers_.size() <= 2 * calls_.size() + few) return;
  std::erase_if(timers_, [this](const Timed& timer) {
    const auto at = calls_.find(timer.number);
    return at == calls_.end() || due_of(at->second) != timer.at;
  });
  std::make_heap(timers_.begin(), timers_.end(), std::greater<>());
  if (timers_.capacity() > 4 * (timers_.size() + few)) timers_.shrink_to_fit();
}

void ClientSession::expire(std::uint64_t number, Time now) {
  const auto at = calls_.find(number);
  if (at == calls_.end()) return;
  if (due_of(at->second) > now) return;  // a timer from before it was sent
  const auto& call = at->second.call;
  if (!at->second.sent) {
    return end(at, error_of(Code::deadline_exceeded, Stage::queue, Certainty::not_started,
                            std::string(call.deadline <= now ? "timeout" : "queue_timeout") + " expired in `" +
                                call.function + "`: the call was not sent and never will be"));
  }
  if (!at->second.cancelled) cancels_.push_back({0, number});
  end(at,
      error_of(Code::deadline_exceeded, Stage::transport, Certainty::maybe_started,
               "timeout expired in `" + call.function + "` and the daemon has not answered: the call may have begun"));
}

void ClientSession::on_time(Time now) {
  while (!timers_.empty() && timers_.front().at <= now) {
    const auto number = timers_.front().number;
    std::pop_heap(timers_.begin(), timers_.end(), std::greater<>());
    timers_.pop_back();
    expire(number, now);
  }
  if (tick_at_ <= now) tick(now);
}

void ClientSession::tick(Time now) {
  const bool waiting = state_ == State::open && (calls_.size() > queued_ || !asked_.empty());
  tick_at_ = waiting || !calls_.empty() ? now + tick_interval : Time::max();
  if (!waiting) {
    silent_ = 0;
    return;
  }
  if (++silent_ > silent_ticks_max) {
    return on_link_lost("the daemon has not answered for " + std::to_string(silent_ticks_max) + " s");
  }
  ping_ = silent_ >= 2;  // a whole second went by without a word
}

ClientSession::Time ClientSession::next_time() const noexcept {
  return timers_.empty() ? tick_at_ : std::min(timers_.front().at, tick_at_);
}

}  // namespace clutch::detail
