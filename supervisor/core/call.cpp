#include "core/call.hpp"

#include "core/invariant.hpp"

namespace clutch::core {

Call& CallTable::take() {
  if (free_.empty()) {
    const auto first = static_cast<std::uint32_t>(chunks_.size() * chunk_calls);
    auto& chunk = chunks_.emplace_back(std::make_unique<Call[]>(chunk_calls));
    free_.reserve(chunks_.size() * chunk_calls);
    for (std::uint32_t i = chunk_calls; i-- > 0;) {
      chunk[i].slot = first + i;
      chunk[i].generation = 1;  // an id of 0 means none
      free_.push_back(first + i);
    }
  }
  const auto slot = free_.back();
  free_.pop_back();
  ++used_;
  return chunks_[slot / chunk_calls][slot % chunk_calls];
}

void CallTable::release(Call& call) noexcept {
  invariant(call.state != CallState::free, "a call is given back once");
  ++call.generation;
  call.state = CallState::free;
  call.certainty = Certainty::not_started;
  call.answered = call.cancel_sent = call.maybe_passed_over = call.detached = false;
  call.leaked = call.owes_receipts = false;
  call.alone = false;
  call.haste = Haste::none;
  call.fingerprint = 0;
  call.request = Request{};
  call.metadata = Blob{};
  call.stream.reset();
  call.shared.reset();
  call.joined = nullptr;
  call.attempt_deadline = call.overdue_at = never;
  free_.push_back(call.slot);
  --used_;
}

Call* CallTable::find(CallId id) noexcept {
  const auto slot = static_cast<std::uint32_t>(id.value);
  const auto generation = static_cast<std::uint32_t>(id.value >> 32);
  if (slot / chunk_calls >= chunks_.size()) return nullptr;
  Call& call = chunks_[slot / chunk_calls][slot % chunk_calls];
  return call.state != CallState::free && call.generation == generation ? &call : nullptr;
}

}  // namespace clutch::core
