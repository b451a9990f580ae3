#include "find_program.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "installed.hpp"

namespace clutch::io {
namespace {

bool can_run(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string variable_of(std::string_view program) {
  std::string name(program);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  return name;
}

std::vector<std::filesystem::path> folders() {
  std::vector<std::filesystem::path> result;
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) result.push_back(self.parent_path());
  if (auto linked = linked_program_directory(); !linked.empty()) result.push_back(std::move(linked));
  const char* const path = ::secure_getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (folder.starts_with('/')) result.emplace_back(folder);  // not the current directory, whatever it is just now
  }
  return result;
}

}  // namespace

std::filesystem::path find_program(std::string_view name) {
  const std::string variable = variable_of(name);
  if (const char* const given = ::secure_getenv(variable.c_str()); given != nullptr && *given != '\0') {
    if (can_run(given)) return std::filesystem::absolute(given);
    throw std::runtime_error(variable + " is set to '" + given +
                             "', which is not a program that can be run; set it to the path of " + std::string(name) +
                             " or unset it");
  }
  std::string looked;
  for (const std::filesystem::path& folder : folders()) {
    if (can_run(folder / name)) return folder / name;
    looked += (looked.empty() ? "'" : ", '") + folder.string() + "'";
  }
  throw std::runtime_error("cannot find the program " + std::string(name) + ", looked in " + looked +
                           "; install it there or set " + variable + " to its path");
}

}  // namespace clutch::io
