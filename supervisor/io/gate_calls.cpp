#include "io/gate_calls.hpp"

#include <algorithm>

#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/scan.hpp"
#include "io/ancestry.hpp"
#include "io/pool_shell.hpp"
#include "io/wire_time.hpp"

namespace clutch::io {
namespace {

Error bad_arguments(std::string what) {
  return make_error(Code::invalid_argument, Stage::arguments, Certainty::not_started,
                    "the arguments do not cross: " + std::move(what));
}

// Scanned before: every value in it is there.
bool has_string_keys(protocol::Span map) {
  protocol::Cursor cursor(map);
  std::size_t pairs = 0;
  if (!cursor.map(pairs)) return false;
  for (std::size_t i = 0; i < pairs; ++i) {
    std::string_view key;
    protocol::Span value;
    if (!cursor.string(key) || !cursor.skip(value)) return false;
  }
  return true;
}

std::optional<Error> check_frames(std::span<const protocol::FrameName> frames, std::size_t positional) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto& place = frames[i].place;
    const auto* position = std::get_if<std::uint32_t>(&place);
    if (std::holds_alternative<std::monostate>(place) || (position != nullptr && *position >= positional)) {
      return bad_arguments("a payload frame belongs to an argument that there is not");
    }
    const auto same = [&place](const protocol::FrameName& other) { return other.place == place; };
    if (std::any_of(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      return bad_arguments("two payload frames belong to one argument");
    }
  }
  return std::nullopt;
}

std::string names_of(const std::vector<GatePool>& pools) {
  std::string names;
  for (const auto& pool : pools) names += (names.empty() ? "`" : ", `") + pool.name + "`";
  return names;
}

std::variant<std::size_t, Error> pool_named(const std::vector<GatePool>& pools, std::string_view wanted) {
  const auto at = std::find_if(pools.begin(), pools.end(), [wanted](const auto& pool) { return pool.name == wanted; });
  if (at != pools.end()) return static_cast<std::size_t>(at - pools.begin());
  return make_error(Code::invalid_argument, Stage::lookup, Certainty::not_started,
                    "there is no pool `" + std::string(wanted) + "`: this daemon has " + names_of(pools));
}

}  // namespace

std::optional<Error> check_arguments(const protocol::Message& message, const protocol::Record& call,
                                     const protocol::Extras& extras) {
  if (const auto flaw = protocol::scan(call.field[1]); flaw != protocol::ScanError::none) {
    return bad_arguments(std::string(to_string(flaw)) + " (see docs/values.md)");
  }
  protocol::Cursor cursor(call.field[1]);
  std::size_t positional = 0;
  if (!cursor.array(positional)) return bad_arguments("positional arguments must be an array");
  if (!extras.kwargs.empty()) {
    if (const auto flaw = protocol::scan(extras.kwargs); flaw != protocol::ScanError::none) {
      return bad_arguments(std::string(to_string(flaw)) + " in a keyword argument (see docs/values.md)");
    }
    if (!has_string_keys(extras.kwargs)) return bad_arguments("keyword arguments must be a map with str keys");
  }
  return check_frames(message.frames_of(call), positional);
}

core::Submission submission_of(core::SessionId session, const protocol::Message& message, const protocol::Record& call,
                               const protocol::Extras& extras, const ReceivedMessage& received) {
  core::Submission submission;
  submission.session = session;
  submission.tag = call.number[0];
  submission.request.args = Blob(call.field[1]);
  submission.request.kwargs = Blob(extras.kwargs);
  submission.request.frames = message.frames_of(call, received.frames);
  submission.deadline = from_wire_time(extras.timeout);
  submission.queue_deadline = from_wire_time(extras.queue_timeout);
  if (extras.attempt_timeout) {
    submission.attempt_timeout = std::chrono::nanoseconds(
        static_cast<std::int64_t>(std::min<std::uint64_t>(*extras.attempt_timeout, INT64_MAX / 4)));
  }
  submission.attempt = extras.attempt;
  submission.metadata = Blob(extras.metadata);
  submission.detached = extras.detached;
  submission.idempotency_key = extras.idempotency_key;
  submission.priority = static_cast<core::Priority>(extras.priority);
  return submission;
}

std::optional<std::size_t> pool_of_process(const std::vector<GatePool>& pools, std::uint64_t pid) {
  const auto ancestry = ancestry_of(static_cast<pid_t>(pid));
  for (std::size_t i = 0; i < pools.size(); ++i) {
    for (const auto& worker : pools[i].shell->worker_facts()) {
      if (worker.pid != 0 && std::find(ancestry.begin(), ancestry.end(), worker.pid) != ancestry.end()) return i;
    }
  }
  return std::nullopt;
}

std::variant<std::size_t, Error> pool_for(const std::vector<GatePool>& pools, std::string_view function,
                                          std::string_view wanted) {
  if (!wanted.empty()) return pool_named(pools, wanted);
  if (pools.size() == 1) return std::size_t{0};  // it says itself that it has no such function
  std::vector<GatePool> having;
  std::size_t index = 0;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    if (!pools[i].shell->core().functions().find(function)) continue;
    having.push_back(pools[i]);
    index = i;
  }
  if (having.size() == 1) return index;
  if (having.size() > 1) {
    return make_error(
        Code::invalid_argument, Stage::lookup, Certainty::not_started,
        "the pools " + names_of(having) + " have a function `" + std::string(function) + "`: say which with `pool`");
  }
  std::string message;
  for (const auto& pool : pools) {
    const auto& core = pool.shell->core();
    message += (message.empty() ? "" : "; ") + pool.name + ": " +
               core.functions().not_found_message(function, core.left_out());
  }
  return make_error(Code::not_found, Stage::lookup, Certainty::not_started, std::move(message));
}

}  // namespace clutch::io
