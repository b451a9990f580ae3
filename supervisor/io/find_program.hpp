// Where a program that is installed with the library is.
#pragma once

#include <filesystem>
#include <string_view>

namespace clutch::io {

// For "clutch-nursery", in this order: what the variable CLUTCH_NURSERY names (never in a setuid program), beside the
// running executable, where clutch was built or installed (installed.hpp), each folder of PATH. Throws
// std::runtime_error, with a sentence that says where it looked and what to do, if it is nowhere or the variable names
// something that cannot be run.
std::filesystem::path find_program(std::string_view name);

}  // namespace clutch::io
