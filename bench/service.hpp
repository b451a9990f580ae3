// Where the calls go: a Pool in this process, or a clutchd of our own that this process is a Client of. The one place
// that knows which.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <sys/types.h>

#include "clutch/caller.hpp"
#include "settings.hpp"

namespace clutch::bench {

struct ServiceOptions {
  std::uint32_t workers = 1;
  std::uint32_t spares = 0;
  std::uint32_t concurrency = 1000;
  bool uvloop = false;
};

/// Runs bench/python/bench_functions.py. Throws where it cannot start; all of it is gone once destroyed.
class Service {
 public:
  virtual ~Service() = default;

  static std::unique_ptr<Service> start(const Settings& settings, const ServiceOptions& options = {});
  /// What a child of this benchmark uses: the daemon at `endpoint`, or where that is empty a pool of its own.
  static std::unique_ptr<Service> open(const Settings& settings, const std::string& endpoint,
                                       const ServiceOptions& options = {});

  [[nodiscard]] virtual const Caller& caller() const = 0;
  /// Of clutchd; 0 where the supervisor is in the process that has the pool.
  [[nodiscard]] virtual pid_t daemon_pid() const = 0;
  /// Of clutchd; empty where there is none.
  [[nodiscard]] virtual std::string endpoint() const = 0;
};

/// For children: the arguments by which they find the same python and, in daemon mode, the same daemon.
[[nodiscard]] std::vector<std::string> child_command(const Settings& settings, const std::string& child,
                                                     const std::string& endpoint);

/// The Python that the pools run: Settings::python, $VIRTUAL_ENV's, or python3.
[[nodiscard]] std::string python(const Settings& settings);
/// bench/python/ of the source tree this was built from.
[[nodiscard]] std::string script(const std::string& name);

}  // namespace clutch::bench
