// What the log says of a worker whose loop is blocked. Pure.
#pragma once

#include <string>

#include "io/examinations.hpp"

namespace clutch::io {

struct BlockedFacts {
  std::uint32_t in_flight = 0;
  std::string function = {};  ///< of the call that the loop is at; empty: it is not known
  bool stopped = false;       ///< by SIGSTOP, or a debugger
};

[[nodiscard]] std::string describe(const Examination&, const BlockedFacts&);

}  // namespace clutch::io
