#include "client_engine.hpp"

#include <errno.h>
#include <unistd.h>

#include <algorithm>

namespace clutch::detail {
namespace {

constexpr int messages_a_turn = 256;
constexpr auto backoff_first = std::chrono::milliseconds(50);
constexpr auto backoff_max = std::chrono::seconds(2);

Error unavailable(std::string message) {
  Error error;
  error.code = Code::unavailable;
  error.stage = Stage::transport;
  error.message = std::move(message);
  return error;
}

SessionOptions session_options(const ClientOptions& options) {
  SessionOptions session;
  session.name = options.name.empty() ? std::string(::program_invocation_short_name) : options.name;
  session.pid = static_cast<std::uint64_t>(::getpid());
  session.queued_calls_max = options.queued_calls_max;
  session.queued_bytes_max = options.queued_bytes_max;
  return session;
}

}  // namespace

ClientEngine::ClientEngine(std::string endpoint, ClientOptions options)
    : endpoint_(std::move(endpoint)),
      options_(std::move(options)),
      context_(std::make_unique<io::ZmqContext>()),
      session_(session_options(options_)) {}

ClientEngine::~ClientEngine() {
  if (forked()) {
    // The socket and libzmq's threads are the parent's: neither is touched, not even to free it.
    static_cast<void>(link_.release());
    static_cast<void>(context_.release());
    return;
  }
  if (link_) {
    loop_.remove(link_->fd());
    loop_.remove(link_->monitor_fd());
  }
}

std::optional<Error> ClientEngine::start() {
  {
    const std::lock_guard lock(guard_);
    const auto now = Clock::now();
    open_link(now);
    if (!link_) return unavailable(last_failure_);
    flush(now);
    loop_.arm(next_time(now));
    if (has_mail()) loop_.wake();
  }
  run();
  std::unique_lock lock(life_mutex_);
  life_changed_.wait(lock, [this] { return life_ != Life::connecting; });
  if (life_ == Life::connected) return std::nullopt;
  auto failure = failure_;
  lock.unlock();
  stop();
  return failure;
}

void ClientEngine::stop() {
  if (forked()) return;
  {
    const std::lock_guard lock(life_mutex_);
    if (std::exchange(stopped_, true)) return;
  }
  on_loop([this] {
    flush(Clock::now());  // what is detached goes before the end
    end_retries();
    session_.close();
    flush(Clock::now());
    const std::lock_guard lock(life_mutex_);
    life_ = Life::closed;
    life_changed_.notify_all();
  });
  {
    std::unique_lock lock(life_mutex_);
    life_changed_.wait(lock, [this] { return life_ == Life::closed; });
  }
  halt();
}

void ClientEngine::query(CallRef call, std::string what) {
  ask(std::move(call), [this, what = std::move(what)] { return session_.query(what, Clock::now()); });
}

void ClientEngine::command(CallRef call, std::string name, Blob arguments) {
  const auto kept = std::make_shared<Blob>(std::move(arguments));
  ask(std::move(call),
      [this, name = std::move(name), kept] { return session_.command(name, std::move(*kept), Clock::now()); });
}

// `question` puts it to the session, on the loop.
void ClientEngine::ask(CallRef call, std::function<std::uint64_t()> question) {
  if (forked()) {
    call->complete(unavailable("this process was forked from the one that has the client: make one of its own here"));
    return;
  }
  {
    const std::lock_guard lock(life_mutex_);  // before the end, or not at all
    if (!stopped_) {
      on_loop([this, kept = std::exchange(call, {}), question = std::move(question)] {
        queries_.emplace(question(), kept);
      });
    }
  }
  if (call) call->complete(unavailable("the client has ended"));
}

std::optional<std::uint64_t> ClientEngine::start_attempt(Attempt&& attempt, Time now) {
  SessionCall call;
  call.tag = attempt.tag;
  call.function = attempt.function;
  call.request = std::move(attempt.request);
  call.deadline = attempt.deadline;
  call.queue_deadline = attempt.queue_deadline;
  call.attempt_timeout = attempt.attempt_timeout;
  call.attempt = attempt.attempt;
  call.metadata = std::move(attempt.metadata);
  call.priority = attempt.priority;
  call.pool = std::move(attempt.pool);
  call.detached = attempt.detached;
  call.idempotency_key = std::move(attempt.idempotency_key);
  call.stream = attempt.stream;
  return session_.submit(std::move(call), now);
}

void ClientEngine::cancel_attempt(std::uint64_t name, std::uint64_t receipt, Time) { session_.cancel(name, receipt); }

void ClientEngine::credit_attempt(std::uint64_t name, StreamCredit credit, Time) { session_.credit(name, credit); }

void ClientEngine::detach_attempt(std::uint64_t name) { session_.detach(name); }

bool ClientEngine::has_mail() { return link_ && link_->readable(); }

ClientEngine::Time ClientEngine::next_time(Time) const {
  return std::min({session_.next_time(), retry_at_, greet_by_, give_up_at_});
}

ClientEngine::Time ClientEngine::after_connect_timeout(Time now) const {
  return now + std::min<std::chrono::nanoseconds>(options_.connect_timeout, Time::max() - now);
}

void ClientEngine::open_link(Time now) {
  try {
    link_ = std::make_unique<ClientLink>(*context_, endpoint_);
  } catch (const std::exception& error) {
    last_failure_ = error.what();
    backoff_ = std::clamp<std::chrono::nanoseconds>(2 * backoff_, backoff_first, backoff_max);
    retry_at_ = now + backoff_;
    return;
  }
  retry_at_ = Time::max();
  greet_by_ = after_connect_timeout(now);
  loop_.add(link_->fd(), [] {});  // the turn that follows receives
  loop_.add(link_->monitor_fd(), [] {});
  session_.on_link(now);
}

void ClientEngine::drop_link(Time now) {
  loop_.remove(link_->fd());
  loop_.remove(link_->monitor_fd());
  link_.reset();
  link_failed_ = false;
  backoff_ = std::clamp<std::chrono::nanoseconds>(2 * backoff_, backoff_first, backoff_max);
  retry_at_ = now + backoff_;
  greet_by_ = Time::max();
  if (given_up_) {
    session_.give_up(unavailable(last_failure_));
  } else if (give_up_at_ == Time::max()) {
    give_up_at_ = after_connect_timeout(now);
    note(LogLevel::warning, "the connection to the daemon at " + endpoint_ + " was lost; trying to connect again");
  }
}

void ClientEngine::receive(Time now) {
  // Asked first: what came before the end is then there to be received.
  const bool lost = link_ && (link_->lost() || link_failed_);
  for (int i = 0; link_ && i < messages_a_turn; ++i) {
    if (!link_->receive(received_)) {
      if (lost) session_.on_link_lost("its connection was closed");
      return;
    }
    session_.on_message(received_, now);
  }
  loop_.arm(now);  // there may be more
}

void ClientEngine::look_after_link(Time now) {
  using State = ClientSession::State;
  if (session_.state() == State::closed) return;
  if (session_.state() == State::open && greet_by_ != Time::max()) {
    note(LogLevel::info, "connected to the daemon at " + endpoint_);
    greet_by_ = give_up_at_ = Time::max();
    given_up_ = false;
    backoff_ = {};
  }
  if (session_.refusal()) last_failure_ = "the daemon at " + endpoint_ + " refused: " + session_.refusal()->message;
  if (greet_by_ <= now && session_.state() == State::greeting) {
    session_.on_link_lost("it did not answer the greeting");
    last_failure_ = "the daemon at " + endpoint_ + " did not answer within connect_timeout";
  }
  if (link_ && session_.state() == State::idle) drop_link(now);
  if (!link_ && retry_at_ <= now) open_link(now);
  if (give_up_at_ <= now) {
    give_up_at_ = Time::max();
    given_up_ = true;
    session_.give_up(unavailable(last_failure_));
  }
}

void ClientEngine::turn(Time now) {
  receive(now);
  session_.on_time(now);
  look_after_link(now);
  flush(now);
  publish();
}

void ClientEngine::flush(Time now) {
  send(now);
  deliver();
}

void ClientEngine::send(Time now) {
  protocol::Span envelope;
  while (link_ && !link_failed_ && session_.next_message(envelope, frames_, now)) {
    if (link_->send(envelope, frames_)) continue;
    link_failed_ = true;  // what came before is received first: the next turn
    loop_.arm(now);
  }
  frames_.clear();
}

void ClientEngine::deliver() {
  for (auto& come : std::exchange(session_.items(), {})) finish_items(come.tag, std::move(come.items));
  std::swap(ended_, session_.ended());
  for (auto& ended : ended_) finish(ended.tag, std::move(ended.outcome));
  ended_.clear();
  for (auto& answer : std::exchange(session_.answered(), {})) {
    const auto at = queries_.find(answer.n);
    if (at == queries_.end()) continue;
    at->second->complete(std::move(answer.value));
    queries_.erase(at);
  }
  for (auto& given : std::exchange(session_.receipts(), {})) {
    std::visit([&](auto& what) { finish_receipt(given.receipt, std::move(what)); }, given.what);
  }
}

void ClientEngine::publish() {
  using State = ClientSession::State;
  const std::lock_guard lock(life_mutex_);
  if (life_ != Life::connecting) return;
  if (session_.state() == State::open) {
    life_ = Life::connected;
  } else if (session_.state() == State::idle) {
    life_ = Life::failed;
    failure_ =
        unavailable(last_failure_.empty() ? "the daemon at " + endpoint_ + " closed the connection" : last_failure_);
  } else {
    return;
  }
  life_changed_.notify_all();
}

void ClientEngine::on_retry(const std::string& what) { note(LogLevel::warning, what); }

void ClientEngine::note(LogLevel level, const std::string& text) const {
  if (options_.log) options_.log(LogRecord{level, std::chrono::system_clock::now(), "client", escaped(text)});
}

}  // namespace clutch::detail
