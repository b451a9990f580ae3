// A run of the soak, and its table.
#pragma once

#include "chaos.hpp"
#include "usage.hpp"

namespace clutch::soak {

struct Plan {
  std::uint64_t seed = 1;
  std::chrono::seconds seconds{0};  ///< goes on for so long,
  int rounds = 1;                   ///< and for so many rounds of the schedule
};

/// Prints the table. Whether nothing was wrong.
[[nodiscard]] bool soak(const Plan& plan);

}  // namespace clutch::soak
