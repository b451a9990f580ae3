// Where a test finds the tree it tests.
#pragma once

#include <filesystem>

namespace clutch::test {

/// The root of the source tree.
[[nodiscard]] std::filesystem::path source_directory();
/// Where clutch, clutchd and clutch-nursery were built.
[[nodiscard]] std::filesystem::path program_directory();
/// A Python with what the worker needs: CLUTCH_TEST_PYTHON, else the tree's own environment.
[[nodiscard]] std::filesystem::path python();

}  // namespace clutch::test
