// clutch::Pool: Python workers that live and die with this program. Nothing to install or start beside it.
//
//   auto pool = clutch::Pool::start({.modules = {"async_module"}, .path = {"."}, .workers = 4}).value();
//   std::string s = pool.call<std::string>("async_module.async_function", "x").get().value();
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "clutch/caller.hpp"
#include "clutch/function_info.hpp"
#include "clutch/pool_options.hpp"
#include "clutch/result.hpp"

namespace clutch {

namespace detail {
class PoolEngine;
}

/// A worker as it is at one moment.
struct WorkerInfo {
  std::uint32_t worker = 0;       ///< its slot in the pool, from 0: spares and replacements have one, too
  std::uint64_t incarnation = 0;  ///< which life this is, counted over the pool
  int pid = 0;                    ///< 0: there is no process just now
  std::string state = {};         ///< absent, booting, standby, ready, retiring, stopping, condemned
  std::uint64_t calls = 0;        ///< sent to it in all its lives
  std::uint64_t restarts = 0;
  std::uint32_t in_flight = 0;  ///< calls that it has
  std::uint32_t suspended = 0;  ///< streams that it has and whose readers have no room: not among those
  std::uint32_t leaked = 0;     ///< of all these, calls that go on although they were cancelled and their grace is over
};

/// A call that killed workers, told apart from others by its function and arguments.
struct QuarantinedCall {
  std::string fingerprint = {};
  std::string function = {};
  std::uint32_t kills = 0;
  bool refused = false;             ///< else it is run alone next time, or as any other, by how many kills there were
  std::chrono::nanoseconds left{};  ///< until it is forgotten
};

/// Any thread may call; moving and destroying is for one at a time. In a forked child it is inert.
class [[nodiscard]] Pool : public Caller {
 public:
  /// Returns when every worker has said it is ready. An import that raises is an Error of stage `import` with Python's
  /// traceback, a lifespan that raises of stage `setup`; a Python or an option that will not do of stage `setup` too.
  static Result<Pool> start(PoolOptions options);

  /// Cancels what is still under way, but for detached calls, which have options.stop_timeout to end, and ends the
  /// workers. Calls that outlive their pool are over by then.
  ~Pool();
  Pool(Pool&&) noexcept;
  Pool& operator=(Pool&&) noexcept;

  /// Takes no more calls, gives those under way until `timeout`, ends the workers, and returns when they are gone.
  /// True: every call had ended by itself.
  bool stop(std::chrono::nanoseconds timeout);

  /// What can be called, and what of the modules cannot, and why.
  [[nodiscard]] FunctionList functions() const;

  [[nodiscard]] std::vector<WorkerInfo> workers() const;
  /// Calls that killed workers lately, and whether they are refused.
  [[nodiscard]] std::vector<QuarantinedCall> quarantine() const;
  /// Lets it run again: by its fingerprint, as errors and the log show it, or "all". False: there was none.
  bool lift_quarantine(const std::string& fingerprint);
  /// How many workers have ended, by why: "calls", "age", "rss", "leak", "reload" (replaced), "stop", "boot",
  /// "deadline", "silence", "protocol" (ended by the pool), "exit", "crash", "signal", "oom" (ended). Those there were
  /// none of are not in it.
  [[nodiscard]] std::map<std::string, std::uint64_t> ends() const;

  /// Replaces the workers, one by one, by ones that import the code anew, while calls go on; returns when the last has
  /// taken over. Where the new code does not start, the workers that are there serve on, and the Error tells why: of
  /// stage `import` with Python's traceback, or `setup`. Not from a callback of the pool's own.
  Result<void> reload();

  /// The parent of the workers, a process of this pool's own; 0: none just now.
  [[nodiscard]] int nursery_pid() const;

 private:
  explicit Pool(std::shared_ptr<detail::PoolEngine> engine);

  std::shared_ptr<detail::PoolEngine> engine_;
};

}  // namespace clutch
