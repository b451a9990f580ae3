// Where clutch was built or installed, as told by the program that links this library: only who links knows, since an
// installation may be moved. CMake compiles cmake/installed_paths.cpp.in (or build_tree_paths.cpp.in) into each
// program.
#pragma once

#include <filesystem>

namespace clutch::io {

/// The directory that holds the package clutch_worker; empty if the program was linked without clutch's CMake targets.
[[nodiscard]] std::filesystem::path linked_python_directory();

/// The directory of clutch-nursery; empty likewise.
[[nodiscard]] std::filesystem::path linked_program_directory();

}  // namespace clutch::io
