#include "io/ancestry.hpp"

#include <charconv>
#include <fstream>
#include <string>

namespace clutch::io {
namespace {

constexpr std::size_t generations_max = 64;

// "PID (NAME) STATE PARENT …", where NAME may hold anything, parentheses too. 0: there is no such process.
pid_t parent_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  const auto after_name = line.rfind(')');
  if (after_name == std::string::npos || line.size() < after_name + 5) return 0;
  const auto at = after_name + 4;
  pid_t parent = 0;
  std::from_chars(line.data() + at, line.data() + line.size(), parent);
  return parent;
}

}  // namespace

std::vector<pid_t> ancestry_of(pid_t process) {
  std::vector<pid_t> all;
  while (process > 0 && all.size() < generations_max) {
    all.push_back(process);
    process = parent_of(process);
  }
  return all;
}

}  // namespace clutch::io
