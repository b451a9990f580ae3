// Where clutch was built or installed, as told by the program that links this library: only who links knows, since an
// installation may be moved. CMake compiles cmake/installed_paths.cpp.in (or build_tree_paths.cpp.in) into each program.
#pragma once

namespace clutch::io {

/// The directory that holds the package clutch_worker; null if the program was linked without clutch's CMake targets.
[[nodiscard]] const char* linked_python_directory() noexcept;

/// The directory of clutch-nursery; null likewise.
[[nodiscard]] const char* linked_program_directory() noexcept;

}  // namespace clutch::io
