// What callers do to the pool of a seed: submit, cancel, leave, stop reading, drain.
#include <cstring>

#include "world.hpp"

namespace clutch::simulation {

void World::plan_callers() {
  const auto any_time = [&] { return start_ + random_.between(0ns, plan_.submitting); };
  const auto begin = random_.between(0ns, 100ms);  // by then most workers are ready
  for (std::uint32_t i = 0; i < plan_.calls; ++i) {
    // In bursts as often as singly.
    const Time at = any_time() + begin;
    for (auto burst = random_.chance(200) ? 1 + random_.below(20) : 1; burst > 0; --burst) {
      events_.emplace(at, Event{.kind = Event::submit});
    }
  }
  for (std::uint32_t session = 1; session < plan_.sessions; ++session) {
    if (plan_.closes_sessions)
      events_.emplace(any_time() + begin, Event{.kind = Event::close_session, .session = session});
    if (!plan_.pauses_sessions) continue;
    const Time at = any_time() + begin;
    events_.emplace(at, Event{.kind = Event::pause, .session = session});
    events_.emplace(at + random_.any_scale(1ms, 5s), Event{.kind = Event::resume, .session = session});
  }
  for (auto drains = plan_.drains_early ? 1 + random_.below(4) : 0; drains > 0; --drains) {
    events_.emplace(any_time() + begin, Event{.kind = Event::drain});
  }
  for (std::uint32_t i = 0; i < plan_.retires; ++i) events_.emplace(any_time() + begin, Event{.kind = Event::retire});
  for (std::uint32_t i = 0; i < plan_.reloads; ++i) events_.emplace(any_time() + begin, Event{.kind = Event::reload});
}

void World::act_for_callers() {
  while (!events_.empty() && events_.begin()->first <= now_) {
    const Event event = events_.begin()->second;
    events_.erase(events_.begin());
    switch (event.kind) {
      case Event::submit:
        submit(now_);
        break;
      case Event::cancel:
        cancel(event.tag);
        break;
      case Event::detach:
        detach(event.tag);
        break;
      case Event::read:
        read(event.tag);
        break;
      case Event::close_session:
        close_session(event.session);
        break;
      case Event::retire:
        retire();
        break;
      case Event::reload:
        reload();
        break;
      case Event::drain:
        drain();
        break;
      case Event::pause:
        if (closed_.contains(event.session) || draining_) break;
        note("session", event.session, "is paused");
        paused_ever_ = true;
        paused_.insert(event.session);
        observe_session(event.session, CallEvent::session_paused);
        core_.pause_session(core::SessionId{event.session}, true, now_);
        break;
      case Event::resume:
        note("session", event.session, "is resumed");
        paused_.erase(event.session);
        core_.pause_session(core::SessionId{event.session}, false, now_);
        break;
    }
    flush();
  }
}

void World::submit(Time now) {
  CallFacts facts;
  facts.session = random_.chance(plan_.floods) ? 0 : random_.below(plan_.sessions);
  if (closed_.contains(facts.session)) return;
  facts.function = random_.below(function_count);
  facts.attempt_timeout = plan_.options.attempt_timeout;
  facts.suspect = random_.chance(plan_.suspects);
  facts.detached = random_.chance(100);
  if (random_.chance(plan_.priorities)) facts.priority = random_.pick({core::Priority::low, core::Priority::high});
  core::Submission submission;
  submission.nested = random_.chance(plan_.nested);
  if (random_.chance(plan_.has_timeout)) facts.deadline = now + random_.any_scale(1ms, 2s);
  if (random_.chance(plan_.has_timeout)) facts.queue_deadline = now + random_.any_scale(1ms, 500ms);
  if (random_.chance(plan_.has_timeout)) {
    facts.attempt_timeout = random_.any_scale(1ms, 500ms);
    submission.attempt_timeout = facts.attempt_timeout;
  }
  if (random_.chance(plan_.streams)) {
    facts.stream.emplace();
    facts.stream->credit = {random_.pick<std::uint64_t>({1, 3, 100}), random_.pick<std::uint64_t>({1, 50, 10'000})};
    submission.stream = facts.stream->credit;
  }
  submission.session = core::SessionId{facts.session};
  submission.deadline = facts.deadline;
  submission.queue_deadline = facts.queue_deadline;
  submission.detached = facts.detached;
  submission.priority = facts.priority;
  auto& call = ledger_.submitted(std::move(facts));
  const auto tag = submission.tag = call.tag;
  std::vector<std::byte> args(sizeof tag + random_.below(50));
  if (call.suspect) args.assign(8, std::byte{0});  // the same as of others
  if (!call.suspect) std::memcpy(args.data(), &tag, sizeof tag);
  submission.request.args = Blob(args);
  submission.metadata = Blob(std::as_bytes(std::span(&tag, 1)));
  note("call", tag, "of", function_name(call.function), "is submitted");
  if (const auto id = core_.submit(function_name(call.function), std::move(submission), now)) {
    tags_[id->value] = tag;
    ledger_.accepted(call, *id);
    if (random_.chance(plan_.cancels)) {
      events_.emplace(now + random_.any_scale(1us, 2s), Event{.kind = Event::cancel, .tag = tag});
    }
    if (call.stream && random_.chance(200)) {
      events_.emplace(now + random_.any_scale(1us, 50ms), Event{.kind = Event::read, .tag = tag});
    }
    if (random_.chance(plan_.detaches)) {
      events_.emplace(now + random_.any_scale(1us, 2s), Event{.kind = Event::detach, .tag = tag});
    }
  } else {
    require(core_.actions().deliveries.size() == 1, "refused and not answered", tag);
  }
}

void World::cancel(std::uint64_t tag) {
  auto& call = ledger_.at(tag);
  note("call", tag, "is cancelled");
  if (random_.chance(300))
    events_.emplace(now_ + random_.any_scale(1us, 50ms), Event{.kind = Event::cancel, .tag = tag});
  if (!call.outcome) ledger_.cancelled(call, now_);
  std::optional<core::ReceiptRequest> receipt;
  if (random_.chance(plan_.receipts)) {
    const core::ReceiptId number{ledger_.asked(tag, now_)};
    receipt = core::ReceiptRequest{core::SessionId{call.session}, number};
  }
  observe(*call.id, receipt ? CallEvent::cancel_for_receipt : CallEvent::cancel, StreamEvent::cancel);
  core_.cancel(*call.id, now_, receipt);
}

void World::detach(std::uint64_t tag) {
  auto& call = ledger_.at(tag);
  note("call", tag, "is detached");
  observe(*call.id, CallEvent::detach);
  call.detached = true;
  core_.detach(*call.id);
}

// A reader takes what came after a while, or stops reading and leaves later.
void World::on_items(const core::ItemsDelivery& delivery) {
  note("call", delivery.tag, "yields", delivery.items.count);
  ledger_.items(delivery.tag, delivery.items);
  if (random_.chance(plan_.stalls)) {
    events_.emplace(now_ + random_.any_scale(1ms, 5s), Event{.kind = Event::cancel, .tag = delivery.tag});
  } else {
    events_.emplace(now_ + random_.any_scale(1us, 50ms), Event{.kind = Event::read, .tag = delivery.tag});
  }
}

void World::read(std::uint64_t tag) {
  auto& call = ledger_.at(tag);
  auto& stream = *call.stream;
  stream.credit = {std::max(stream.credit.items, stream.delivered + 1 + random_.below(20)),
                   std::max(stream.credit.bytes, stream.bytes + 1 + random_.below(100))};
  if (coverage_ != nullptr) coverage_->met(core_.find(*call.id), StreamEvent::credit);
  core_.credit(*call.id, stream.credit, now_);
}

void World::close_session(std::uint32_t session) {
  note("session", session, "is closed");
  closed_.insert(session);
  paused_.erase(session);
  observe_session(session, CallEvent::session_closed);
  core_.on_session_closed(core::SessionId{session}, now_);
  flush();
  for (const auto& call : ledger_.all()) {
    if (call.session == session && !call.detached) require(call.outcome.has_value(), "outlives its session", call.tag);
  }
}

void World::retire() {
  const auto& worker = *core_.workers()[random_.below(core_.workers().size())];
  note("worker", worker.id.value, "is to be replaced");
  core_.retire(worker.id, worker.incarnation, core::EndReason::leak, now_);
}

void World::reload() {
  if (stopped_ != 0) return;
  note("reload");
  reloading_ = true;
  for (const auto& each : core_.workers()) oldest_wanted_ = std::max(oldest_wanted_, each->incarnation);
  core_.reload(now_);
}

void World::drain() {
  note("drain");
  draining_ = true;
  paused_.clear();
  observe_drain();
  core_.drain(now_ + random_.any_scale(1ms, 10s), now_);
  flush();
}

}  // namespace clutch::simulation
