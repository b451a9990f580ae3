#include "fake_keys.hpp"

#include <algorithm>
#include <utility>

#include "clutch/detail/arguments.hpp"
#include "fake_streams.hpp"

namespace clutch::testing::detail {
namespace {

using clutch::detail::CallRef;
using clutch::detail::CallState;
using clutch::detail::Outcome;

void append(std::string& text, const void* data, std::size_t size) {
  text += std::to_string(size) + ':';
  text.append(static_cast<const char*>(data), size);
}

std::string payload_of(std::string_view function, const Request& request) {
  std::string text(function);
  append(text, request.args.bytes().data(), request.args.size());
  append(text, request.kwargs.bytes().data(), request.kwargs.size());
  for (const auto& frame : request.frames) append(text, frame.bytes.data(), frame.bytes.size());
  return text;
}

Outcome copy_of(const Outcome& outcome) {
  if (const auto* reply = std::get_if<Reply>(&outcome)) return Reply{reply->body.clone(), reply->frames};
  return std::get<Error>(outcome);
}

bool nothing_ran(const Outcome& outcome) {
  const auto* error = std::get_if<Error>(&outcome);
  return error != nullptr && error->certainty == Certainty::not_started;
}

}  // namespace

bool FakeKeys::answers(const CallRef& call, std::string_view function, const Request& request, const std::string& key) {
  if (call->stream() != nullptr) {
    call->complete(clutch::detail::argument_error("a stream can have no idempotency key: its items are not kept"));
    return true;
  }
  auto payload = payload_of(function, request);
  std::unique_lock lock(mutex_);
  const auto [at, added] = keys_.try_emplace(key, Key{.payload = payload});
  if (added) return false;
  Outcome outcome = clutch::detail::argument_error(
      "this idempotency key was that of a call of another function, or with other arguments: give each call a key of "
      "its own");
  if (at->second.payload == payload) {
    if (!at->second.outcome) {
      at->second.joined.push_back(call);
      return true;
    }
    outcome = copy_of(*at->second.outcome);
  }
  lock.unlock();
  call->complete(std::move(outcome));
  return true;
}

void FakeKeys::finish(const std::string& key, const CallRef& call, Outcome outcome) {
  std::vector<CallRef> joined;
  if (!key.empty()) {
    const std::lock_guard lock(mutex_);
    const auto at = keys_.find(key);
    if (at != keys_.end()) {
      joined = std::exchange(at->second.joined, {});
      if (nothing_ran(outcome)) {
        keys_.erase(at);
      } else {
        at->second.outcome = copy_of(outcome);
      }
    }
  }
  for (const auto& each : joined) each->complete(copy_of(outcome));
  call->complete(std::move(outcome));
}

bool FakeKeys::cancel(CallState& call) {
  CallRef found;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, key] : keys_) {
      const auto at = std::find_if(key.joined.begin(), key.joined.end(),
                                   [&call](const CallRef& each) { return each.get() == &call; });
      if (at == key.joined.end()) continue;
      found = std::move(*at);
      key.joined.erase(at);
      break;
    }
  }
  if (!found) return false;
  found->complete(cancelled_error(Certainty::maybe_started, "the caller cancelled, others wait for it"));
  return true;
}

CallRef FakeKeys::successor(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto at = keys_.find(key);
  if (at == keys_.end() || at->second.joined.empty()) return {};
  CallRef next = std::move(at->second.joined.front());
  at->second.joined.erase(at->second.joined.begin());
  return next;
}

}  // namespace clutch::testing::detail
