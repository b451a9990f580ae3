#include "core/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace clutch::core {

void on_broken_invariant(const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "clutch: a defect of clutch itself: this does not hold: %s (%s:%d). Please report it\n", what,
               file, line);
  std::abort();
}

}  // namespace clutch::core
