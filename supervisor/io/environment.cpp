#include "environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace clutch::io {
namespace {

constexpr std::string_view left_behind[] = {"LD_PRELOAD", "NOTIFY_SOCKET"};
constexpr std::string_view left_behind_prefixes[] = {"PYTHON", "WATCHDOG_", "LISTEN_"};

void check(const std::string& name, const std::string& value) {
  if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos)
    throw std::invalid_argument("'" + name + "' cannot be the name of an environment variable");
  if (value.find('\0') != std::string::npos)
    throw std::invalid_argument("the value of the environment variable '" + name + "' has a NUL in it");
}

}  // namespace

bool is_left_behind(std::string_view name) {
  return std::ranges::find(left_behind, name) != std::end(left_behind) ||
         std::ranges::any_of(left_behind_prefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

std::vector<std::string> worker_environment(const std::map<std::string, std::string>& extra, bool clean) {
  std::vector<std::string> result;
  for (char** entry = clean ? nullptr : environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;  // a host may have put anything there
    const std::string_view name = text.substr(0, equals);
    if (!is_left_behind(name) && !extra.contains(std::string(name))) result.emplace_back(text);
  }
  for (const auto& [name, value] : extra) {
    check(name, value);
    result.push_back(name + '=' + value);
  }
  return result;
}

}  // namespace clutch::io
