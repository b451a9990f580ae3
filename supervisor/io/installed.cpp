#include "io/installed.hpp"

extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern const char clutch_python_directory[];
[[gnu::weak, gnu::visibility("hidden")]] extern const char clutch_program_directory[];
}

namespace clutch::io {

const char* linked_python_directory() noexcept { return clutch_python_directory; }

const char* linked_program_directory() noexcept { return clutch_program_directory; }

}  // namespace clutch::io
