// What clutch-bench runs of itself in a small process of its own: `clutch-bench --child NAME`.
#pragma once

#include <string>

#include "settings.hpp"

namespace clutch::bench {

struct ChildRole {
  std::string name;
  std::string endpoint;  ///< of the daemon; empty: a pool of its own
};

int run_child(const Settings& settings, const ChildRole& role);

// Each says on stdout what it has to say and does what it reads on stdin.
void child_cold(const Settings&, const std::string& endpoint);      ///< a start and one call
void child_idle(const Settings&, const std::string& endpoint);      ///< a pool that waits for the end of stdin
void child_fan_in(const Settings&, const std::string& endpoint);    ///< one of eight clients
void child_inflight(const Settings&, const std::string& endpoint);  ///< a million calls that wait

}  // namespace clutch::bench
