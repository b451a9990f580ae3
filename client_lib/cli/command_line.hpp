// Flags and help of every command, by CLI11.
#pragma once

#include <variant>

#include "options.hpp"

namespace clutch::cli {

/// What to do, or the exit code where that is all: after --help, --version, or a usage error, which have been printed.
[[nodiscard]] std::variant<Options, int> parse_command_line(int argc, const char* const* argv);

}  // namespace clutch::cli
