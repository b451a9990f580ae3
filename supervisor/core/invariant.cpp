#include "core/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace clutch::core {

void on_broken_invariant(const char* what, const std::source_location& where) noexcept {
  std::fprintf(stderr, "clutch: a defect of clutch itself: this does not hold: %s (%s:%u). Please report it\n", what,
               where.file_name(), where.line());
  std::abort();
}

}  // namespace clutch::core
