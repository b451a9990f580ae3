// What a caller may say of a call. All durations are of CLOCK_MONOTONIC; see docs/calls.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clutch/protocol/error.hpp"

namespace clutch {

/// When a failed attempt is made again. Nothing that may have begun is, unless `idempotent`, or the Python function
/// raised (`failed`) and `exceptions` names the type. All attempts share CallOptions::timeout.
struct RetryPolicy {
  enum class Backoff : std::uint8_t {
    linear,       ///< delay x attempt
    exponential,  ///< delay x 2^(attempt-1)
  };
  std::uint32_t attempts = 1;  ///< in all; 1 is no retry
  Backoff backoff = Backoff::exponential;
  std::chrono::nanoseconds delay = std::chrono::milliseconds(100);
  std::chrono::nanoseconds delay_max = std::chrono::seconds(30);
  double jitter = 0.2;  ///< each delay is drawn from delay x (1 - jitter … 1 + jitter); 0 … 1
  std::vector<Code> codes = {Code::unavailable, Code::overloaded};
  std::vector<std::string> exceptions =
      {};  ///< Python types by (qualified) name, "ConnectionError", "shop.errors.Busy"
  /// Each further attempt takes a token of the pool's or client's bucket, which all its calls share: it has 10, and
  /// each success puts back a tenth of one. Where it is empty the error is final, so that retries do not multiply the
  /// load of what fails already. `unavailable`, `not_started` takes none: nothing was executed. false: this call does
  /// without.
  bool budget = true;
  bool idempotent = false;  ///< running it twice does no harm: worker_lost and the like may be retried too
};

/// Where calls wait, of those that may be sent to a worker. By weight, not strictly: while all three wait, for each
/// `low` call four `normal` and sixteen `high` ones are sent, so none waits for ever.
enum class Priority : std::uint8_t { low, normal, high };

struct CallOptions {
  /// All of it as the caller sees it, retries included. Default: none.
  std::optional<std::chrono::nanoseconds> timeout = {};
  /// From the first step to the outcome, of each attempt. Default: the pool's (30 s). zero() is none.
  std::optional<std::chrono::nanoseconds> attempt_timeout = {};
  /// From submission to the first step. Default: none.
  std::optional<std::chrono::nanoseconds> queue_timeout = {};
  std::optional<RetryPolicy> retry = {};
  std::map<std::string, std::string> metadata = {};  ///< current_call().metadata in Python, e.g. "traceparent"
  std::optional<Priority> priority = {};             ///< default: Priority::normal
  std::string pool = {};                             ///< the pool to use where two have the function
  /// Of calls with the same key, function and arguments one is executed, and all have its outcome: those that come
  /// while it is under way, and those that come later, for the pool's idempotency_ttl. With another function or other
  /// arguments it is refused. At most 256 bytes of UTF-8; not for streams. See docs/calls.md. Default, empty: none.
  std::string idempotency_key = {};
  /// Of a stream: how many items, and bytes of them, may be on their way or wait to be read; beyond, the generator
  /// stays suspended at its `yield`. Default, 0: limits::stream_window_items (16,384) and stream_window_bytes (4 MiB).
  std::uint64_t stream_window_items = 0;
  std::uint64_t stream_window_bytes = 0;
};

}  // namespace clutch
