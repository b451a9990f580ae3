// What the core is about to meet, noted for the coverage of its tables.
#include "world.hpp"

namespace clutch::simulation {
namespace {

template <class List, class Visit>
void each_of(const List& list, Visit visit) {
  for (auto* call = list.front(); call != nullptr; call = list.after(*call)) visit(*call);
}

}  // namespace

template <class Visit>
void World::each_lease(const core::Worker& of, Visit visit) {
  if (coverage_ != nullptr) each_of(of.leases, visit);
}

void World::observe(core::CallId id, CallEvent event) {
  if (coverage_ != nullptr) coverage_->met(core_.find(id), event);
}

// Of one that is over nobody knows any more that it was a stream, but the ledger.
void World::observe(core::CallId id, CallEvent event, StreamEvent of_stream) {
  if (coverage_ == nullptr) return;
  observe(id, event);
  if (ledger_.at(tags_.at(id.value)).stream) coverage_->met(core_.find(id), of_stream);
}

void World::observe(const ModelWorker& from, WorkerEvent event) {
  if (coverage_ == nullptr) return;
  const auto& worker = *core_.workers()[from.id.value];
  const bool present = worker.state != core::WorkerState::absent && worker.incarnation == from.incarnation;
  coverage_->met(worker, present ? event : WorkerEvent::late);
}

void World::observe_reply(const ModelWorker& from, const ReplyRecord& reply) {
  if (coverage_ == nullptr) return;
  observe(from, WorkerEvent::reply);
  const auto& worker = *core_.workers()[from.id.value];
  const auto* call = core_.find(reply.call);
  const bool has = call != nullptr && call->state != core::CallState::queued && call->worker == from.id;
  if (worker.incarnation != from.incarnation || !tags_.contains(reply.call.value)) return;
  if (call != nullptr && !has) return coverage_->met(call, CallEvent::foreign_reply);
  const bool stream = ledger_.at(tags_.at(reply.call.value)).stream.has_value();
  if (const auto* error = std::get_if<Error>(&reply.what)) {
    const bool started = error->certainty != Certainty::not_started;
    coverage_->met(call, started ? CallEvent::error_started : CallEvent::error_not_started);
    if (stream) coverage_->met(call, StreamEvent::error);
  } else if (const auto* items = std::get_if<ItemsRecord>(&reply.what)) {
    const bool within = call == nullptr || (items->first == call->stream->items && call->stream->has_credit() &&
                                            items->count <= call->stream->credit.items - call->stream->items);
    const auto event = items->flawed ? StreamEvent::flawed_items : StreamEvent::items;
    coverage_->met(call, within ? event : StreamEvent::items_beyond_credit);
  } else if (const auto* end = std::get_if<EndRecord>(&reply.what)) {
    const bool right = call == nullptr || end->items == call->stream->items;
    coverage_->met(call, right ? StreamEvent::end : StreamEvent::wrong_end);
  } else {
    coverage_->met(call, CallEvent::result);
    if (stream) coverage_->met(call, StreamEvent::result);
  }
}

void World::observe_begun(const ModelWorker& from, const std::array<std::uint64_t, 2>& begun, WorkerEvent event,
                          WorkerEvent too_much) {
  if (coverage_ == nullptr) return;
  const auto& worker = *core_.workers()[from.id.value];
  bool much = false;
  for (std::size_t i = 0; i < core::executions; ++i) much = much || begun[i] > worker.lanes[i].last_seq;
  observe(from, much ? too_much : event);
  if (worker.incarnation != from.incarnation) return;
  each_lease(worker, [&](const core::Call& call) {
    const auto& lane = worker.lane(call.execution);
    const auto shown = much ? lane.last_seq : begun[static_cast<std::size_t>(call.execution)];
    if (call.seq > lane.seen && call.seq <= shown) coverage_->met(&call, CallEvent::shown_begun);
  });
}

void World::observe_time() {
  if (coverage_ == nullptr) return;
  const auto look = [this](const core::Call& call) {
    const core::Timer& timer = call;
    if (!timer.core::Link<core::TimerTag>::linked() || start_ + timer.due_tick * 1ms > clock_) return;
    coverage_->met(&call, CallEvent::timer);
    if (!call.stream) return;
    const bool its_attempt = call.state == core::CallState::begun && call.attempt_deadline <= clock_;
    if (stream_phase_of(&call) != StreamPhase::suspended || its_attempt) coverage_->met(&call, StreamEvent::timer);
  };
  for (const auto& worker : core_.workers()) {
    each_lease(*worker, look);
    if (worker->act_at <= clock_) coverage_->met(*worker, WorkerEvent::timer);
  }
  for (std::uint32_t function = 0; function < function_count; ++function) {
    for (const auto tag : ledger_.waiting(function)) {
      const auto* call = core_.find(*ledger_.at(tag).id);
      if (call != nullptr && call->state == core::CallState::queued) look(*call);
    }
  }
}

void World::observe_exit(const ModelWorker& ended) {
  observe(ended, WorkerEvent::exited);
  const auto& worker = *core_.workers()[ended.id.value];
  if (worker.incarnation != ended.incarnation) return;
  each_lease(worker, [this](const core::Call& call) {
    coverage_->met(&call, CallEvent::worker_exited);
    if (call.stream) coverage_->met(&call, StreamEvent::worker_exited);
  });
}

void World::observe_session(std::uint32_t session, CallEvent event) {
  if (coverage_ == nullptr) return;
  for (const auto& call : ledger_.all()) {
    if (call.session == session && call.id && core_.find(*call.id) != nullptr) observe(*call.id, event);
  }
}

void World::observe_drain() {
  if (coverage_ == nullptr) return;
  for (const auto& call : ledger_.all()) {
    if (call.id) observe(*call.id, CallEvent::drain);
  }
  for (const auto& worker : core_.workers()) coverage_->met(*worker, WorkerEvent::drain);
}

}  // namespace clutch::simulation
