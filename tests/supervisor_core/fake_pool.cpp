#include "fake_pool.hpp"

namespace clutch::core::test {

Function function(std::string name, FunctionKind kind, std::uint32_t limit, bool per_pool) {
  Function made;
  made.name = std::move(name);
  made.kind = kind;
  made.limit = limit;
  made.limit_per_pool = per_pool;
  return made;
}

Registration usual_functions() {
  return {
      .functions = {function("m.f"), function("m.g"), function("m.plain", FunctionKind::plain),
                    function("m.two", FunctionKind::coroutine, 2), function("m.one", FunctionKind::coroutine, 1, true),
                    function("m.items", FunctionKind::async_generator), function("m.steps", FunctionKind::generator)},
      .left_out = {}};
}

Request request_of(std::size_t bytes) {
  Request request;
  request.args = Blob(std::vector<std::byte>(bytes));
  return request;
}

FakePool::FakePool(PoolCoreOptions given) : options(given) {}

void FakePool::start(std::uint32_t workers) {
  options.workers = workers;
  core_.emplace(options, now);
  for (const auto& each : core_->workers()) workers_.emplace_back(*this, each->id);
  core_->start(now);
  flush();
}

void FakePool::ready(std::uint32_t workers, const Registration& registration) {
  start(workers);
  for (std::uint32_t i = 0; i < workers; ++i) workers_[i].registers(registration);
}

TestCall FakePool::submit(std::string_view name, const Ask& ask) {
  Submission submission;
  submission.session = SessionId{ask.session};
  submission.tag = ++last_tag_;
  submission.request = request_of(ask.bytes);
  if (ask.timeout) submission.deadline = now + *ask.timeout;
  if (ask.queue_timeout) submission.queue_deadline = now + *ask.queue_timeout;
  submission.attempt_timeout = ask.attempt_timeout;
  submission.detached = ask.detached;
  submission.priority = ask.priority;
  submission.nested = ask.nested;
  if (!ask.says.empty()) submission.request.args = Blob(std::as_bytes(std::span(ask.says)));
  submission.stream = ask.stream;
  submission.idempotency_key = ask.key;
  TestCall call{last_tag_, core_->submit(name, std::move(submission), now)};
  if (call.id) tags_[call.id->value] = call.tag;
  flush();
  return call;
}

std::vector<TestCall> FakePool::submit(std::string_view name, std::size_t count) {
  std::vector<TestCall> calls;
  for (std::size_t i = 0; i < count; ++i) calls.push_back(submit(name));
  return calls;
}

TestCall FakePool::stream(StreamCredit credit, std::string_view name) { return submit(name, {.stream = credit}); }

void FakePool::credit(const TestCall& call, StreamCredit credit) {
  core_->credit(call.id.value(), credit, now);
  flush();
}

void FakePool::cancel(const TestCall& call, std::uint64_t receipt) {
  core_->cancel(call.id.value(), now, ReceiptRequest{SessionId{0}, ReceiptId{receipt}});
  flush();
}

std::uint64_t FakePool::items(const TestCall& call) const {
  const auto at = items_.find(call.tag);
  return at == items_.end() ? 0 : at->second;
}

std::optional<CancelReceipt> FakePool::receipt(std::uint64_t number) const {
  const auto at = receipts_.find(number);
  return at == receipts_.end() ? std::nullopt : std::optional(at->second);
}

void FakePool::cancel(const TestCall& call) {
  core_->cancel(call.id.value(), now);
  flush();
}

void FakePool::close_session(std::uint32_t session) {
  core_->on_session_closed(SessionId{session}, now);
  flush();
}

void FakePool::pause(std::uint32_t session, bool paused) {
  core_->pause_session(SessionId{session}, paused, now);
  flush();
}

void FakePool::drain(Duration within) {
  core_->drain(now + within, now);
  flush();
}

void FakePool::read_pages() {
  for (auto& each : workers_) {
    const Incarnation incarnation{each.incarnation};
    if (each.ticks) {
      ++each.pulse.ticks;
      each.pulse.tick_time = now;
      each.pulse.in_flight = core_->workers()[each.id_.value]->load();
    }
    core_->on_pulse(each.id_, incarnation, each.pulse, now);
    core_->on_page(each.id_, incarnation, each.page[0], each.page[1], now);
  }
  page_read_ = now;
  flush();
}

void FakePool::watch(Duration by) {
  const Time target = now + by;
  for (auto interval = core_->page_interval(); interval; interval = core_->page_interval()) {
    const Time next = std::max(now, page_read_ + *interval);
    if (next > target) break;
    advance(next - now);
    read_pages();
  }
  advance(target - now);
}

void FakePool::advance(Duration by) {
  const Time target = now + by;
  for (;;) {
    const Time next = core_->next_time();
    const bool due = next <= target;
    now = due ? std::max(now, next) : target;
    if (!due) return;
    read_pages();
    core_->on_time(now);
    flush();
  }
}

// What is executed for an idempotency key goes by the first of those that wait for it.
std::uint64_t FakePool::tag_of(CallId call) const {
  const auto* shared = core_->find(call)->shared.get();
  return shared != nullptr ? shared->waiters.front()->tag : tags_.at(call.value);
}

void FakePool::flush() {
  while (true) {
    Actions actions = std::move(core_->actions());
    core_->actions().clear();
    if (actions.empty()) return;
    steps.insert(steps.end(), actions.steps.begin(), actions.steps.end());
    for (const auto& send : actions.runs) {
      const auto run = core_->run_of(send);
      if (!run) continue;
      auto& worker = workers_.at(send.worker.value);
      const auto execution = execution_of(worker.registered_.functions.at(run->function).kind);
      worker.received_.push_back({tag_of(run->call), run->call, run->seq, run->function, execution, run->expires,
                                  run->request.bytes(), run->stream});
    }
    for (const auto& cancel : actions.cancels) {
      workers_.at(cancel.worker.value).cancels_[cancel.seq] = cancel.deadline ? 'd' : 'c';
    }
    for (const auto& credit : actions.credits) {
      workers_.at(credit.worker.value).credits_[credit.seq] = credit.credit;
    }
    for (const auto& delivery : actions.items) {
      EXPECT_FALSE(outcomes_.contains(delivery.tag)) << "an item after the end of call " << delivery.tag;
      EXPECT_EQ(delivery.items.first, items_[delivery.tag]);
      items_[delivery.tag] += delivery.items.count;
    }
    for (const auto& given : actions.receipts) {
      EXPECT_TRUE(receipts_.emplace(given.receipt.value, given.what).second) << "a second receipt";
    }
    for (const auto& ping : actions.pings) workers_.at(ping.worker.value).pinged = ping.n;
    for (auto& delivery : actions.deliveries) {
      const bool first = outcomes_.emplace(delivery.tag, std::move(delivery.outcome)).second;
      EXPECT_TRUE(first) << "a second outcome for call " << delivery.tag;
    }
    for (const auto& action : actions.life) do_life(action);
  }
}

void FakePool::do_life(const LifeAction& action) {
  life.push_back(action);
  if (const auto* spawn = std::get_if<Spawn>(&action)) {
    auto& worker = workers_.at(spawn->worker.value);
    worker.incarnation = spawn->incarnation.value;
    worker.stop_sent = false;
    worker.pinged = 0;
    worker.killed.clear();
    worker.page = {};
    worker.received_.clear();
    worker.cancels_.clear();
    worker.credits_.clear();
    worker.yielded_.clear();
  } else if (const auto* kill = std::get_if<Kill>(&action)) {
    workers_.at(kill->worker.value).killed = kill->why;
  } else if (const auto* stop = std::get_if<SendStop>(&action)) {
    workers_.at(stop->worker.value).stop_sent = true;
  }
}

testing::AssertionResult FakePool::returned(const TestCall& call) const {
  if (!over(call)) return testing::AssertionFailure() << "it is not over";
  const auto& outcome = outcomes_.at(call.tag);
  if (std::holds_alternative<Reply>(outcome)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "it ended as " << describe(std::get<Error>(outcome));
}

testing::AssertionResult FakePool::ended(const TestCall& call, Code code, Certainty certainty,
                                         std::string_view says) const {
  if (!over(call)) return testing::AssertionFailure() << "it is not over";
  const auto* error = std::get_if<Error>(&outcomes_.at(call.tag));
  if (error == nullptr) return testing::AssertionFailure() << "it returned a value";
  if (error->code != code || error->certainty != certainty || error->message.find(says) == std::string::npos) {
    return testing::AssertionFailure() << "it ended as " << to_string(error->code) << ", "
                                       << to_string(error->certainty) << ": " << error->message;
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult FakePool::quiet() {
  const auto& counters = core_->counters();
  if (core_->queued() != 0) return testing::AssertionFailure() << core_->queued() << " calls are queued";
  if (core_->calls() != 0) return testing::AssertionFailure() << core_->calls() << " calls are kept";
  if (counters.submitted != counters.delivered || counters.delivered != outcomes_.size()) {
    return testing::AssertionFailure() << counters.submitted << " submitted, " << counters.delivered << " delivered";
  }
  for (const auto& worker : core_->workers()) {
    if (worker->leaked != 0) return testing::AssertionFailure() << "a leaked call is not counted out";
    if (worker->suspended != 0) return testing::AssertionFailure() << "a suspended stream is not given back";
    if (worker->load() != 0 || !worker->leases.empty()) return testing::AssertionFailure() << "a worker has calls";
    for (const auto running : worker->running) {
      if (running != 0) return testing::AssertionFailure() << "a limit's place is not given back";
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace clutch::core::test
