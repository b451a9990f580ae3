// The environment of a worker.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace clutch::io {

// This program's environment and `extra`, or with `clean` exactly `extra`, as NAME=value. Not inherited: PYTHON* (made
// for another Python), LD_PRELOAD, and NOTIFY_SOCKET, WATCHDOG_*, LISTEN_* (a service manager's, meant for this
// process). `extra` is taken as it is and wins. Throws std::invalid_argument for a name that is empty or has '=' or NUL
// in it, or a value with NUL. Reads `environ`: like getenv, not while another thread calls setenv.
std::vector<std::string> worker_environment(const std::map<std::string, std::string>& extra, bool clean);

// Whether a variable of this name stays behind.
bool is_left_behind(std::string_view name);

}  // namespace clutch::io
