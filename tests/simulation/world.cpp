#include "world.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace clutch::simulation {
namespace {

constexpr Duration examined_within = 400ms;
constexpr Duration blocked_least = 200ms;  // by whom a worker is killed for it

}  // namespace

World::World(std::uint64_t seed, bool trace, Coverage* coverage, bool worker_traces)
    : seed_(seed),
      random_(seed),
      plan_(random_),
      tracing_(trace),
      tracing_workers_(worker_traces),
      coverage_(coverage),
      core_(plan_.options, start_),
      workers_(core_.workers().size()),
      lives_(core_.workers().size()) {
  if (worker_traces) plan_.misbehaves = plan_.flawed = 0;
  plan_callers();
}

void World::write_down(std::initializer_list<std::string> words) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now_ - start_).count();
  std::string line = std::to_string(since) + " us";
  line.insert(0, line.size() < 14 ? 14 - line.size() : 0, ' ');
  for (const auto& word : words) line += " " + word;
  trace_.push_back(std::move(line));
}

void World::run() {
  core_.start(now_);
  flush();
  run_until_quiet();
  if (stopped_ == 0) {
    check_at_rest();
    drain();
    run_until_quiet();
  }
  require(stopped_ == 1, "the pool did not stop");
  check_at_rest();
}

Time World::next_time() const {
  Time next = core_.next_time();
  if (const auto interval = core_.page_interval()) next = std::min(next, page_read_ + *interval);
  for (const auto& each : examinations_) next = std::min(next, each.at);
  if (!events_.empty()) next = std::min(next, events_.begin()->first);
  for (const auto& each : workers_) {
    if (each) next = std::min({next, each->next(), each->data_out.next(), each->control_out.next()});
  }
  return next;
}

// Until nothing is left to happen: then every call has ended, and nothing of it is kept.
void World::run_until_quiet() {
  for (int steps = 0; steps < 1'000'000; ++steps) {
    const Time next = next_time();
    if (next == never || only_pings_are_left()) return;
    require(next < start_ + 2000s, "it does not come to rest");
    now_ = std::max(now_, next);
    step();
  }
  throw Violation("it does not come to rest: too many steps");
}

// They never end, where there are any; nor do the deaths of workers that cannot answer them in time.
bool World::only_pings_are_left() const {
  return plan_.options.ping_interval > 0ns && !draining_ && stopped_ == 0 && events_.empty() && core_.calls() == 0 &&
         !reloading_ && core_.state() < core::PoolState::draining;
}

void World::step() {
  run_workers(now_);
  act_for_callers();
  turn();
  check_turn();
}

void World::run_workers(Time until) {
  for (;;) {
    ModelWorker* first = nullptr;
    for (const auto& each : workers_) {
      if (each && !each->reapable(never) && (first == nullptr || each->next() < first->next())) first = each.get();
    }
    if (first == nullptr || first->next() > until) return;
    first->act(first->next());
  }
}

// As PoolShell::turn: the clock, then what came, the pages, the deadlines, the dead; then what is to be done.
void World::turn() {
  clock_ = now_;
  ledger_.begin_turn();
  if (plan_.page_lag_max > 0ns && random_.chance(200)) {
    now_ += random_.between(0ns, plan_.page_lag_max);
    run_workers(now_);
  }
  if (random_.chance(100)) forge_from_the_dead();
  for (const auto& each : workers_) {
    if (clock_ > plan_.misbehaves_until) break;
    if (each && random_.chance(plan_.misbehaves)) forge(*each);
    if (!each || !random_.chance(plan_.misbehaves)) continue;
    observe(*each, WorkerEvent::violation);
    core_.on_violation(each->id, each->incarnation, "an ITEM, END, RESULT or ERROR that is none");
  }
  for (const auto& each : workers_) {
    if (each) receive(*each);
  }
  const bool due = core_.next_time() <= clock_;
  const auto interval = core_.page_interval();
  if (due || (interval && clock_ - page_read_ >= *interval)) read_pages();
  if (due) observe_time();
  if (due) core_.on_time(clock_);
  reap();
  examine(clock_);
  flush();
}

void World::receive(ModelWorker& worker) {
  const bool control_first = random_.chance(500);
  for (const bool control : {control_first, !control_first}) {
    auto& lane = control ? worker.control_out : worker.data_out;
    while (auto message = lane.receive(now_)) take(worker, std::move(*message));
  }
}

void World::take(ModelWorker& worker, OutMessage&& message) {
  const auto id = worker.id;
  const auto incarnation = worker.incarnation;
  Lives& lives = lives_[id.value];
  lives.answered = lives.answered || !message.replies.empty();
  if (message.registers) observe(worker, WorkerEvent::registered);
  if (message.registers) core_.on_registered(id, incarnation, worker.registration, clock_);
  if (core_.workers()[id.value]->is_up()) lives.ready = std::min(lives.ready, clock_);
  if (message.boot_failed) observe(worker, WorkerEvent::boot_failed);
  if (message.boot_failed) core_.on_boot_failed(id, incarnation, Error{}, clock_);
  for (auto& reply : message.replies) take_reply(worker, std::move(reply));
  if (message.begun) {
    note("worker", id.value, "says begun", (*message.begun)[0], (*message.begun)[1]);
    observe_begun(worker, *message.begun, WorkerEvent::begun, WorkerEvent::begun_too_much);
    core_.on_begun(id, incarnation, (*message.begun)[0], (*message.begun)[1], clock_);
  }
  if (message.pong == 0) return;
  const bool asked = message.pong <= core_.workers()[id.value]->pings;
  observe(worker, asked ? WorkerEvent::pong : WorkerEvent::pong_unasked);
  core_.on_pong(id, incarnation, message.pong, clock_);
}

void World::take_reply(const ModelWorker& worker, ReplyRecord&& reply) {
  const auto id = worker.id;
  const auto incarnation = worker.incarnation;
  observe_reply(worker, reply);
  if (auto* error = std::get_if<Error>(&reply.what)) {
    core_.on_error(id, incarnation, reply.call, std::move(*error), clock_);
  } else if (const auto* items = std::get_if<ItemsRecord>(&reply.what)) {
    StreamItems come;
    come.first = items->first;
    come.count = items->count;
    come.body = Blob(std::vector<std::byte>(items->bytes));
    if (items->flawed) {
      Error flaw;
      flaw.code = Code::invalid_argument;
      flaw.certainty = Certainty::started;
      return core_.on_flawed_items(id, incarnation, reply.call, come, std::move(flaw), clock_);
    }
    core_.on_items(id, incarnation, reply.call, std::move(come), clock_);
  } else if (const auto* end = std::get_if<EndRecord>(&reply.what)) {
    core_.on_end(id, incarnation, reply.call, end->items, clock_);
  } else {
    Reply value;
    const auto tag = std::get<std::uint64_t>(reply.what);
    value.body = Blob(std::as_bytes(std::span(&tag, 1)));
    core_.on_result(id, incarnation, reply.call, std::move(value), clock_);
  }
}

void World::read_pages() {
  page_read_ = clock_;
  for (const auto& each : workers_) {
    if (each) read_page(*each);
  }
}

void World::read_page(ModelWorker& of) {
  core_.on_pulse(of.id, of.incarnation, of.pulse, clock_);
  observe_begun(of, of.page, WorkerEvent::page, WorkerEvent::page_too_much);
  core_.on_page(of.id, of.incarnation, of.page[0], of.page[1], clock_);
}

// The watchdog thread's answer, where there is one (PoolShell::on_examined_before_kill).
void World::examine(Time now) {
  std::erase_if(examinations_, [&](const Examination& each) {
    if (each.at > now) return false;
    auto* of = worker(each.worker);
    if (of == nullptr || of->incarnation != each.incarnation) return true;
    const bool answers = of->blocker && random_.chance(500);
    core_.on_examined(each.worker, each.incarnation, {answers ? *of->blocker : core::CallId{}, {}});
    read_page(*of);
    core_.end_blocked(each.worker, each.incarnation, clock_);
    return true;
  });
}

// Nobody is blamed who did not block a loop.
void World::check_end(const core::Delivery& delivery) const {
  const auto* error = std::get_if<Error>(&delivery.outcome);
  if (error == nullptr || !error->culprit) return;
  require(ledger_.at(tags_.at(error->culprit->call)).blocked, "a call is blamed that did nothing", delivery.tag);
}

// What came through is taken, then the page, then the end is told (WorkerChannel::end).
void World::reap() {
  for (auto& each : workers_) {
    if (!each || !each->reapable(now_)) continue;
    const auto ended = std::move(each);
    while (ended->data_out.size() + ended->control_out.size() != 0) {
      auto& lane = ended->data_out.size() != 0 && random_.chance(500) ? ended->data_out : ended->control_out;
      if (auto message = lane.receive(never - 1ns)) take(*ended, std::move(*message));
    }
    note("worker", ended->id.value, "is reaped, its page shows", ended->page[0], ended->page[1]);
    for (auto& call : ledger_.all()) {
      if (call.holder == ended->incarnation) ledger_.given_back(call.tag);
    }
    read_page(*ended);
    observe_exit(*ended);
    core_.on_exited(ended->id, ended->incarnation, ended->exit(), clock_);
    note_end_of(ended->id);
    dead_.emplace_back(ended->id, ended->incarnation);
    if (random_.chance(300)) forge(*ended);
  }
}

// A reply of one who does not have the call: of the dead, or of a worker to whom it was never sent.
void World::forge(ModelWorker& worker) {
  if (ledger_.all().empty()) return;
  const auto& call = ledger_.all()[random_.below(ledger_.all().size())];
  if (!call.id || (call.holder == worker.incarnation && !call.stream)) return;
  note("worker", worker.id.value, "forges a reply to", call.tag);
  observe(worker, WorkerEvent::reply);
  const bool flawed = call.stream && call.holder != worker.incarnation && random_.chance(300);
  const bool ends = call.holder == worker.incarnation && random_.chance(300);
  const bool beyond = !ends && call.holder == worker.incarnation && random_.chance(500);
  if (coverage_ != nullptr && core_.workers()[worker.id.value]->incarnation == worker.incarnation) {
    const auto* kept = core_.find(*call.id);
    if (call.holder != worker.incarnation) coverage_->met(kept, CallEvent::foreign_reply);
    const bool its_own = kept == nullptr || call.holder == worker.incarnation;
    const auto event = ends && kept != nullptr     ? StreamEvent::wrong_end
                       : ends                      ? StreamEvent::end
                       : flawed                    ? StreamEvent::flawed_items
                       : beyond && kept != nullptr ? StreamEvent::items_beyond_credit
                                                   : StreamEvent::result;
    if (call.stream && its_own && !(beyond && kept == nullptr)) coverage_->met(kept, event);
  }
  if (ends) return core_.on_end(worker.id, worker.incarnation, *call.id, 1'000'000, clock_);
  if (flawed) return core_.on_flawed_items(worker.id, worker.incarnation, *call.id, StreamItems{}, Error{}, clock_);
  if (beyond) {
    StreamItems items;
    items.count = 1'000'000;
    return core_.on_items(worker.id, worker.incarnation, *call.id, std::move(items), clock_);
  }
  core_.on_result(worker.id, worker.incarnation, *call.id, Reply{}, clock_);
}

// Later than any channel of ours would deliver it.
void World::forge_from_the_dead() {
  if (ledger_.all().empty() || dead_.empty()) return;
  const auto& call = ledger_.all()[random_.below(ledger_.all().size())];
  const auto [id, incarnation] = dead_[random_.below(dead_.size())];
  if (!call.id) return;
  if (coverage_ != nullptr) coverage_->met(*core_.workers()[id.value], WorkerEvent::late);
  core_.on_result(id, incarnation, *call.id, Reply{}, clock_);
}

void World::flush() {
  while (true) {
    core::Actions actions = std::move(core_.actions());
    core_.actions().clear();
    if (actions.empty()) return;
    for (const auto& delivery : actions.items) on_items(delivery);
    for (auto& delivery : actions.deliveries) {
      const auto* error = std::get_if<Error>(&delivery.outcome);
      note("call", delivery.tag, "ends:", error == nullptr ? "value" : to_string(error->code),
           error == nullptr ? "" : to_string(error->certainty), error == nullptr ? "" : error->message);
      check_end(delivery);
      ledger_.ended(delivery.tag, std::move(delivery.outcome), clock_);
    }
    for (const auto& send : actions.runs) send_run(send);
    for (const auto& cancel : actions.cancels) send_cancel(cancel);
    for (const auto& credit : actions.credits) send_credit(credit);
    for (const auto& ping : actions.pings) send_ping(ping);
    for (const auto& given : actions.receipts) {
      note("receipt", given.receipt.value, to_string(given.what.what));
      ledger_.receipt(given.receipt.value, given.what, clock_, now_);
    }
    for (const auto& action : actions.life) act_on(action);
  }
}

void World::send_run(const core::SendRun& send) {
  const auto run = core_.run_of(send);
  auto* to = worker(send.worker);
  if (to == nullptr) return ledger_.given_back(tags_.at(send.call.value));  // it died in the same turn
  // Not written, as it is over; or, where the page was spoiled meanwhile, as all there counts as begun.
  if (!run) return ledger_.sent(tags_.at(send.call.value), to->incarnation, false);
  std::uint64_t tag = 0;
  require(run->request.args.size() >= sizeof tag, "a RUN without its request");
  require(run->metadata.size() == sizeof tag, "a RUN without its metadata");
  std::memcpy(&tag, run->metadata.bytes().data(), sizeof tag);
  require(tag != 0 && tags_.at(run->call.value) == tag, "a RUN with another call's request", tag);
  const RunMessage message{.seq = run->seq,
                           .call = run->call,
                           .tag = tag,
                           .function = run->function,
                           .expires = run->expires,
                           .stream = run->stream};
  note("call", tag, "is sent to worker", to->id.value, "as seq", run->seq);
  check_send(*to, message);
  ledger_.sent(tag, to->incarnation, order_matters());
  to->last_seq_sent = run->seq;
  ++to->has[message.function];
  to->leases.emplace(tag, message);
  to->data_in.send({message}, now_ + random_.between(1us, plan_.lane_delay_max));
}

void World::send_cancel(const core::SendCancel& cancel) {
  auto* to = worker(cancel.worker);
  if (to == nullptr) return;
  // A call that ends anyway may lose its cancel; a stream may have nothing else to end it.
  const bool stream = ledger_.at(tags_.at(cancel.call.value)).stream.has_value();
  if (!stream && random_.chance(plan_.loses_control)) return;
  note("worker", to->id.value, "is sent CANCEL of seq", cancel.seq);
  // Of a worker with a spoiled page all counts as begun, what was just assigned and is never sent too.
  require(cancel.seq <= to->last_seq_sent || plan_.misbehaves != 0, "a CANCEL of what was not sent");
  to->control_in.send({.stop = false, .cancel_seq = cancel.seq, .call = cancel.call, .by = never},
                      now_ + random_.between(1us, plan_.lane_delay_max));
}

void World::send_credit(const core::SendCredit& credit) {
  auto* to = worker(credit.worker);
  if (to == nullptr) return;
  note("worker", to->id.value, "is sent CREDIT of seq", credit.seq, credit.credit.items, credit.credit.bytes);
  ControlMessage message;
  message.cancel_seq = credit.seq;
  message.call = credit.call;
  message.credit = credit.credit;
  to->control_in.send(message, now_ + random_.between(1us, plan_.lane_delay_max));
}

void World::on_reloaded(const core::Reloaded& reloaded) {
  note("reloaded:", reloaded.error ? reloaded.error->message : "");
  require(std::exchange(reloading_, false), "reloaded without a wish");
  if (reloaded.error) return;
  ++reloaded_;
  for (const auto& each : core_.workers()) {
    require(!each->is_up() || each->incarnation > oldest_wanted_, "old code serves after a reload");
  }
}

void World::send_ping(const core::SendPing& ping) {
  auto* to = worker(ping.worker);
  if (to == nullptr) return;
  note("worker", to->id.value, "is sent PING", ping.n);
  ControlMessage message;
  message.ping = ping.n;
  to->control_in.send(message, now_ + random_.between(1us, plan_.lane_delay_max));
}

void World::act_on(const core::LifeAction& action) {
  require(stopped_ == 0, "something is to be done after the pool stopped");
  if (const auto* spawn = std::get_if<core::Spawn>(&action)) {
    note("worker", spawn->worker.value, "is spawned");
    require(worker(spawn->worker) == nullptr, "a spawn while the last one is not reaped");
    if (spawn->was_vacant) lives_[spawn->worker.value] = {};
    check_respawn(spawn->worker);
    auto& spawned = workers_[spawn->worker.value];
    spawned = std::make_unique<ModelWorker>(plan_, random_, ledger_, *spawn, now_);
    if (!tracing_workers_) return;
    worker_traces_.push_back(
        std::make_unique<WorkerTrace>(seed_, spawn->incarnation, plan_, spawned->registration, start_));
    spawned->trace_to(worker_traces_.back().get());
  } else if (const auto* kill = std::get_if<core::Kill>(&action)) {
    note("worker", kill->worker.value, "is killed:", kill->why);
    auto* to = worker(kill->worker);
    if (to == nullptr) return;  // it was reaped in the same turn
    require(to->incarnation == kill->incarnation, "a kill of another incarnation");
    for (const auto* what : {"ITEM", "END", "RESULT", "ERROR"}) {
      require(kill->why.find(what) == std::string::npos || plan_.misbehaves != 0, "a worker is killed for no fault");
    }
    const bool blocked = to->blocker && now_ - to->blocked_since >= blocked_least;
    require(blocked || kill->why.find("event loop") == std::string::npos, "a worker is killed whose loop turns");
    to->kill(now_ + random_.any_scale(1us, 5ms));
  } else if (const auto* stop = std::get_if<core::SendStop>(&action)) {
    note("worker", stop->worker.value, "is sent STOP");
    auto* to = worker(stop->worker);
    if (to == nullptr) return;  // it was reaped in the same turn
    for (const auto& [tag, run] : to->leases) {
      require(ledger_.at(tag).outcome.has_value(), "a STOP to a worker that has calls", tag);
    }
    to->control_in.send({.stop = true, .cancel_seq = 0, .by = stop->by},
                        now_ + random_.between(1us, plan_.lane_delay_max));
  } else if (const auto* examine = std::get_if<core::Examine>(&action)) {
    note("worker", examine->worker.value, "is to be examined");
    examinations_.push_back({now_ + random_.any_scale(1us, examined_within), examine->worker, examine->incarnation});
  } else if (const auto* leaked = std::get_if<core::Leaked>(&action)) {
    note("call", tags_.at(leaked->call.value), "is leaked");
    require(ledger_.at(tags_.at(leaked->call.value)).outcome.has_value(), "leaked and not answered");
  } else if (const auto* replaced = std::get_if<core::Replaced>(&action)) {
    note("worker", replaced->worker.value, "is replaced by", replaced->by.value);
    const auto* by = worker(replaced->by);
    require(by == nullptr || by->has_registered(), "replaced by one that is not ready");
    ++replaced_;
  } else if (const auto* taken = std::get_if<core::TookPlace>(&action)) {
    note("worker", taken->worker.value, "takes the place of", taken->of.value);
    ++took_place_;
  } else if (const auto* reloaded = std::get_if<core::Reloaded>(&action)) {
    on_reloaded(*reloaded);
  } else if (std::holds_alternative<core::Started>(action)) {
    require(++started_ == 1, "started twice");
  } else if (std::holds_alternative<core::Stopped>(action)) {
    note("the pool stopped");
    ++stopped_;
  }
}

}  // namespace clutch::simulation
