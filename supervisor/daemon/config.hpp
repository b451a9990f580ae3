// What clutchd is told: one TOML file, flags over it. docs/configuration.md explains each key, examples/clutch.toml
// shows them.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "clutch/log.hpp"
#include "clutch/pool_options.hpp"
#include "clutch/protocol/limits.hpp"

namespace clutch::daemon {

struct Config {
  std::string listen;  ///< "ipc://PATH"
  LogLevel log_level = LogLevel::info;
  std::filesystem::path log_file;  ///< empty: stderr
  std::chrono::nanoseconds stalled_timeout = limits::client_stalled_max;
  std::vector<PoolOptions> pools;
};

/// Where the configuration comes from, each over the one before.
struct ConfigSources {
  std::filesystem::path file;            ///< empty: none
  std::vector<std::string> assignments;  ///< "pool.default.workers=4", what is right of it TOML, else text
};

/// A configuration that will not do. what() is one line: where, what, and what to do.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws ConfigError. Relative paths in the file are taken from the file's directory.
[[nodiscard]] Config load_config(const ConfigSources&);

/// The whole configuration as a file that means the same.
[[nodiscard]] std::string to_toml(const Config&);

}  // namespace clutch::daemon
