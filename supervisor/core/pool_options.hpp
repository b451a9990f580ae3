// What the core must know of a pool's configuration.
#pragma once

#include <string>

#include "clutch/protocol/limits.hpp"
#include "core/types.hpp"

namespace clutch::core {

struct PoolCoreOptions {
  std::uint32_t workers = 1;
  std::uint32_t spares = 0;                             ///< ready beside them, to take the place of one that is gone
  std::uint32_t concurrency = 1000;                     ///< a worker: coroutines begun and not finished
  std::uint32_t threads = 16;                           ///< a worker: plain functions begun and not finished
  std::uint32_t pool_concurrency = 0;                   ///< all workers: calls sent and not finished; 0: no such bound
  Duration attempt_timeout = std::chrono::seconds(30);  ///< where a call says nothing; zero: none
  Duration start_timeout = std::chrono::seconds(60);    ///< from spawn to ready
  Duration cancel_grace = std::chrono::seconds(2);      ///< a cancelled call is answered by then, unwound or not
  Duration blocked_after = std::chrono::seconds(1);     ///< a loop that has not turned for so long is told; zero: never
  Duration
      stall_limit{};  ///< a loop that has not turned for so long is ended with its worker; zero: for that alone none
  std::uint32_t leaked_max = 4;  ///< a worker: so many leaked calls, and it is replaced
  std::size_t queued_calls_max = limits::queued_calls_max;
  std::size_t queued_bytes_max = limits::queued_bytes_max;
  std::size_t client_queued_calls_max = limits::client_queued_calls_max;  ///< of one session
  std::size_t client_queued_bytes_max = limits::client_queued_bytes_max;
  std::size_t suspended_streams_max = limits::suspended_streams_max;  ///< a worker
  /// A call is quarantined when its worker died so often while it ran, the last time with nothing else; 0: never.
  std::uint32_t quarantine_after = 3;
  Duration quarantine_ttl = std::chrono::minutes(10);  ///< from its last kill
  // Of calls with an idempotency key, their outcomes: for how long, how many, and how much of them.
  Duration idempotency_ttl = std::chrono::minutes(10);  ///< zero: a key joins what is under way, and no more
  std::size_t idempotency_keys_max = limits::idempotency_keys_max;
  std::size_t idempotency_bytes_max = limits::idempotency_bytes_max;
  std::uint32_t boot_failures_max = 3;  ///< in a row, then the pool has failed
  /// After a failed boot, and before a third try with a worker whose lives are short; doubled each time.
  Duration respawn_delay = std::chrono::milliseconds(500);
  Duration respawn_delay_max = std::chrono::seconds(30);
  /// A life is short that ends sooner than this after it was ready, and in which no call was answered.
  Duration settled_after = std::chrono::seconds(30);
  /// So many short lives and failed boots, a worker of the pool, within that time: with one more it has failed. 0: any.
  std::uint32_t restarts_max = 0;
  Duration restarts_within = std::chrono::seconds(60);
  // When a worker is replaced, in its good time; zero: never.
  std::uint64_t max_calls = 0;  ///< sent to it in one life
  Duration max_age{};           ///< from ready
  std::uint64_t max_rss = 0;    ///< bytes
  /// What its calls in flight have once it is replaced; then it is killed.
  Duration stop_timeout = std::chrono::seconds(10);
  /// These limits and the delays above are shortened by chance, by up to this part of them.
  double jitter = 0;
  std::uint64_t seed = 0;    ///< of that chance
  Duration ping_interval{};  ///< from one PING's answer to the next PING; zero: none is sent
  Duration ping_unanswered_max = limits::ping_unanswered_max;
  bool call_steps = false;  ///< each call's way is told (Actions::steps), for a log that wants it
};

/// What will not do in them, as a sentence; empty: nothing.
[[nodiscard]] std::string flaw_of(const PoolCoreOptions&);

}  // namespace clutch::core
