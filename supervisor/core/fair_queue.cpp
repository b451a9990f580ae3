#include "core/fair_queue.hpp"

namespace clutch::core {

FairQueue::Flow& FairQueue::join(const Call& call) {
  const auto session = call.session.value;
  const auto level = static_cast<std::size_t>(call.priority);
  if (flows_.size() <= session) flows_.resize(session + 1);
  if (!flows_[session]) flows_[session] = std::make_unique<Flows>();
  Flow& flow = (*flows_[session])[level];
  if (!flow.linked() && !flow.paused) {
    flow.balance = 1;
    rings_[level].push_back(flow);
  }
  return flow;
}

Call* FairQueue::front_of(std::size_t level) noexcept {
  auto& ring = rings_[level];
  while (Flow* flow = ring.front()) {
    Call* call = flow->calls.front();
    if (call != nullptr && flow->balance > 0) return call;
    ring.pop_front();
    if (call == nullptr) continue;
    ++flow->balance;
    ring.push_back(*flow);
  }
  return nullptr;
}

Call* FairQueue::front() noexcept {
  Call* highest = nullptr;  // that has a call and no turn left
  for (std::size_t level = priorities; level-- > 0;) {
    if (rings_[level].empty()) continue;
    Call* call = front_of(level);
    if (call != nullptr && turns_[level] != 0) return call;
    if (highest == nullptr) highest = call;
  }
  if (highest != nullptr) turns_ = weights;
  return highest;
}

void FairQueue::take(Call& call) noexcept {
  const auto level = static_cast<std::size_t>(call.priority);
  Flow& flow = (*flows_[call.session.value])[level];
  --turns_[level];
  flow.balance -= weight(call);
  IntrusiveList<Call, PlaceTag>::remove(call);
}

void FairQueue::pause(SessionId session, bool paused) {
  if (session.value >= flows_.size()) flows_.resize(session.value + 1);
  auto& flows = flows_[session.value];
  if (!flows) flows = std::make_unique<Flows>();
  for (std::size_t level = 0; level < priorities; ++level) {
    Flow& flow = (*flows)[level];
    if (flow.paused == paused) continue;
    flow.paused = paused;
    if (flow.linked()) IntrusiveList<Flow, FlowTag>::remove(flow);
    if (!paused && !flow.calls.empty()) {
      flow.balance = 1;
      rings_[level].push_back(flow);
    }
  }
}

bool FairQueue::has_like(const Call& call) const noexcept {
  const auto session = call.session.value;
  if (session >= flows_.size() || !flows_[session]) return false;
  return !(*flows_[session])[static_cast<std::size_t>(call.priority)].calls.empty();
}

void FairQueue::forget(SessionId session) noexcept {
  if (session.value >= flows_.size() || !flows_[session.value]) return;
  for (auto& flow : *flows_[session.value]) {
    if (flow.linked()) IntrusiveList<Flow, FlowTag>::remove(flow);
  }
  flows_[session.value].reset();
  while (!flows_.empty() && !flows_.back()) flows_.pop_back();
}

}  // namespace clutch::core
