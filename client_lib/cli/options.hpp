// What the command line says, command by command. Plain data: command_line.cpp fills it in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clutch/options.hpp"
#include "clutch/pool_options.hpp"

namespace clutch::cli {

enum class Command : std::uint8_t { run, call, stream, map, functions, ps, drain };

/// Where the calls go: to a pool in this process, or to a daemon.
struct TargetOptions {
  std::optional<std::string> endpoint;  ///< set: a daemon; empty: the user's own
  PoolOptions pool;
};

struct MapOptions {
  std::string input;   ///< empty: stdin
  std::string output;  ///< empty: stdout
  std::size_t in_flight = 1000;
  bool spread = false;
  bool progress = true;
};

struct StreamOptions {
  std::uint64_t limit = 0;  ///< items; 0: all there are
};

struct Options {
  Command command = Command::run;
  bool json = false;
  std::optional<LogLevel> log_level;  ///< unset: warnings, and what the functions print
  bool log_off = false;
  std::string function;
  std::vector<std::string> arguments;
  CallOptions call;
  TargetOptions target;
  MapOptions map;
  StreamOptions stream;
};

}  // namespace clutch::cli
