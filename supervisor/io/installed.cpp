#include "io/installed.hpp"

extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern const char clutch_python_directory[];
[[gnu::weak, gnu::visibility("hidden")]] extern const char clutch_program_directory[];
}

namespace clutch::io {
namespace {

// As told it may go by way of a file's name: "…/installed_paths.cpp/../python".
std::filesystem::path directory(const char* told) {
  return told == nullptr ? std::filesystem::path() : std::filesystem::path(told).lexically_normal();
}

}  // namespace

std::filesystem::path linked_python_directory() { return directory(clutch_python_directory); }

std::filesystem::path linked_program_directory() { return directory(clutch_program_directory); }

}  // namespace clutch::io
