// How `clutch` ends, the same for every command: `clutch --help` lists them.
#pragma once

namespace clutch::cli {

struct Exit {
  static constexpr int done = 0;
  static constexpr int failed = 1;  // the call, or a line of a map, or the output
  static constexpr int usage = 2;
  static constexpr int no_start = 3;         // the pool did not start, or the daemon is not to be reached
  static constexpr int signalled = 128;      // plus the signal's number: 130 Ctrl-C, 143 SIGTERM
  static constexpr int output_closed = 141;  // whoever read the output went away, as `| head` does
};

}  // namespace clutch::cli
