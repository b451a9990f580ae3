// What a pool is made of. The same struct for an embedded clutch::Pool and for a [pool.NAME] of the daemon's file, key
// by key; docs/configuration.md explains each.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "clutch/log.hpp"
#include "clutch/protocol/limits.hpp"

namespace clutch {

struct PoolOptions {
  std::vector<std::string> modules = {};         ///< imported at boot; their functions are what can be called
  std::vector<std::filesystem::path> path = {};  ///< put first on sys.path; relative ones from the current directory
  /// The Python to run: a path or a name on PATH. Empty: $VIRTUAL_ENV's, else `python3`. It needs pyzmq and msgspec.
  std::string python = {};
  std::uint32_t workers = 1;
  /// Ready beside the workers, each a process that is sent no call: one takes the place of a worker that is gone, or is
  /// replaced, at once.
  std::uint32_t spares = 0;
  std::uint32_t concurrency = 1000;    ///< a worker: coroutines begun and not finished
  std::uint32_t threads = 16;          ///< a worker: plain functions (`def`) running at once
  std::uint32_t pool_concurrency = 0;  ///< all workers: calls sent to one and not finished; 0: no such bound
  /// What may wait in the pool, in calls and in bytes of their arguments; beyond, calls end as `overloaded` at once.
  /// The latter two are of each client of a daemon; the program of an embedded pool is none.
  std::size_t queued_calls_max = limits::queued_calls_max;
  std::size_t queued_bytes_max = limits::queued_bytes_max;
  std::size_t client_queued_calls_max = limits::client_queued_calls_max;
  std::size_t client_queued_bytes_max = limits::client_queued_bytes_max;
  /// A call is refused as `quarantined` once its worker died so often while it ran; 0: never. See docs/calls.md.
  std::uint32_t quarantine_after = 3;
  std::chrono::nanoseconds quarantine_ttl = std::chrono::minutes(10);  ///< from its last kill
  /// Outcomes of calls with an idempotency key: how long they are kept, how many, and how many bytes of them; beyond,
  /// the oldest are forgotten. 0: only what is under way is joined.
  std::chrono::nanoseconds idempotency_ttl = std::chrono::minutes(10);
  std::size_t idempotency_keys_max = limits::idempotency_keys_max;
  std::size_t idempotency_bytes_max = limits::idempotency_bytes_max;
  std::chrono::nanoseconds attempt_timeout = std::chrono::seconds(30);  ///< default of a call's; zero: none
  std::chrono::nanoseconds start_timeout = std::chrono::seconds(60);    ///< from spawn to ready: imports, lifespans
  std::chrono::nanoseconds stop_timeout = std::chrono::seconds(10);     ///< what calls in flight have at the end
  std::chrono::nanoseconds cancel_grace = std::chrono::seconds(2);      ///< to unwind after a cancel
  /// How long a worker's loop may stand still until the log says what blocks it; zero: it never does.
  std::chrono::nanoseconds blocked_after = std::chrono::seconds(1);
  /// A worker whose loop has stood still for so long is killed, even where no call of it is past its deadline; zero:
  /// none is.
  std::chrono::nanoseconds stall_limit = {};
  /// A worker with so many leaked calls, which go on past cancel_grace after their cancel or deadline, is replaced.
  std::uint32_t leaked_max = 4;
  /// So often, times `workers`, may workers that answered no call in the last 30 s of their lives, or did not start, be
  /// started again within restarts_within: with one more the pool has failed. 0: any number of times.
  std::uint32_t restarts_max = 5;
  std::chrono::nanoseconds restarts_within = std::chrono::seconds(60);
  // When a worker is replaced, one at a time, each limit up to a tenth lower by chance; 0: never. Its replacement is
  // ready first, and its calls in flight have stop_timeout to end.
  std::uint64_t max_calls = 0;                  ///< sent to it in one life
  std::chrono::nanoseconds max_age{0};          ///< from ready
  std::uint64_t max_rss = 0;                    ///< bytes of resident memory, read every second
  std::map<std::string, std::string> env = {};  ///< added to the workers' environment
  bool clean_env = false;                       ///< `env` is all of it
  /// What numeric libraries in a worker may use at most (OMP_NUM_THREADS and kin); 0: leave it to them.
  std::uint32_t library_threads = 0;
  /// CPUs by worker, in turn: {{0, 1}, {2, 3}} gives worker 0 the first two, worker 1 the next. Empty: any.
  std::vector<std::vector<std::uint32_t>> cpus = {};
  bool uvloop = false;  ///< use uvloop where the environment has it
  /// A worker: what it prints and logs goes into the log up to so much, four seconds' worth at once; the rest is
  /// dropped and counted. 0: all of it does.
  std::uint32_t output_bytes_per_second = 1u << 20;
  std::uint64_t memory_max = 0;  ///< a worker: bytes of address space (RLIMIT_AS); beyond, MemoryError. 0: no bound
  std::uint32_t open_files = 0;  ///< a worker: descriptors (RLIMIT_NOFILE). 0: as many as this process may have
  std::uint32_t processes = 0;   ///< of the workers' user in all (RLIMIT_NPROC), threads too. 0: no bound
  std::string user = {};         ///< whom workers run as, by name or number; needs root. Empty: as this process
  std::string group = {};        ///< likewise. Empty: the user's own, and its other groups
  bool no_new_privs = false;     ///< nothing that a worker executes gains privileges (set-uid programs, say)
  std::string name = "default";
  /// Where log records go; called on clutch's own threads, must not call back into the pool. Empty: nowhere but for
  /// warnings and errors, which go to stderr.
  LogSink log = {};
  LogLevel log_level = LogLevel::info;  ///< records below are not made
};

}  // namespace clutch
