// What the command line asked for.
#pragma once

#include <string>
#include <vector>

namespace clutch::bench {

struct Settings {
  bool daemon = false;  ///< calls go to a clutchd of our own by a Client, not to an embedded Pool
  bool pin = false;     ///< everything on one CPU
  bool table = false;
  bool quick = false;    ///< a glance at everything; the figures mean nothing
  unsigned workers = 0;  ///< where a workload does not say: 0 is its own number
  int pairs = 5;
  std::string python;  ///< as PoolOptions::python
  std::vector<std::string> workloads;

  [[nodiscard]] unsigned workers_or(unsigned own) const { return workers != 0 ? workers : own; }
  /// A number of repetitions: a hundredth of it, but no less than `least`, for a glance.
  [[nodiscard]] int count(int full, int least = 10) const {
    return !quick ? full : full / 100 > least ? full / 100 : least;
  }
};

}  // namespace clutch::bench
