// Names and small types that the core's parts share. Pure: no clock is read here, times are handed in.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "clutch/protocol/error.hpp"
#include "clutch/protocol/payload.hpp"

namespace clutch::core {

using Time = std::chrono::steady_clock::time_point;  // CLOCK_MONOTONIC on Linux
using Duration = std::chrono::nanoseconds;
inline constexpr Time never = Time::max();

/// `never` where Time cannot say it: durations come from peers.
[[nodiscard]] constexpr Time after(Time now, Duration by) noexcept { return by < never - now ? now + by : never; }

/// The supervisor's name for a call: a slot of the call table and how often that slot was used.
struct CallId {
  std::uint64_t value = 0;
  friend auto operator<=>(CallId, CallId) = default;
};

/// A worker's slot in its pool. There are more slots than workers: for its spares, and for one that is replaced while
/// its replacement is there. What sits in a slot changes; see Incarnation.
struct WorkerId {
  std::uint32_t value = 0;
  friend auto operator<=>(WorkerId, WorkerId) = default;
};

/// One life of one worker, unique and rising within a supervisor's life.
struct Incarnation {
  std::uint64_t value = 0;
  friend auto operator<=>(Incarnation, Incarnation) = default;  // NOLINT(modernize-use-nullptr): of its own 0
};

/// Who submitted: the embedding program is one session, each client of a daemon another.
struct SessionId {
  std::uint32_t value = 0;
  friend auto operator<=>(SessionId, SessionId) = default;
};

/// A function's place in the pool's table.
struct FunctionId {
  std::uint32_t value = 0;
  friend auto operator<=>(FunctionId, FunctionId) = default;
};

/// How soon a call is sent, among those that wait (PROTOCOL.md, "CALL").
enum class Priority : std::uint8_t { low, normal, high };
inline constexpr std::size_t priorities = 3;

/// Where a worker executes it; each begins its calls in order (PROTOCOL.md, "RUN").
enum class Execution : std::uint8_t { loop, thread };
inline constexpr std::size_t executions = 2;

using Outcome = std::variant<Reply, Error>;

/// One call as it is handed in.
struct Submission {
  SessionId session;
  std::uint64_t tag = 0;  ///< the session's own name for the call, handed back with the outcome
  Request request;
  Time deadline = never;                    ///< all of it
  Time queue_deadline = never;              ///< by then it must have begun
  std::optional<Duration> attempt_timeout;  ///< from first step to outcome; the pool's default if absent, zero: none
  std::uint64_t attempt = 1;
  Blob metadata;  ///< an encoded map of str to str, or empty
  bool detached = false;
  Priority priority = Priority::normal;
  bool nested = false;                 ///< it comes from a worker of this pool: see PoolCore::submit
  std::string idempotency_key;         ///< empty: it has none; see idempotency.hpp
  std::optional<StreamCredit> stream;  ///< it is a stream, with so much credit to begin with
};

/// A session's own name for the receipt of a cancel; 0: it wants none.
struct ReceiptId {
  std::uint64_t value = 0;
  friend auto operator<=>(ReceiptId, ReceiptId) = default;
};

/// How a worker ended, from who reaped it.
struct Exit {
  int signal = 0;
  int status = 0;
  std::string python_stack;    ///< what faulthandler left
  std::string said;            ///< its last words on stderr, of one that was not ready
  bool out_of_memory = false;  ///< the kernel killed for want of memory meanwhile
};

/// "was killed by signal 9 (SIGKILL)", "exited with status 1".
[[nodiscard]] std::string how_it_ended(const Exit&);

}  // namespace clutch::core
