#include "suggest.hpp"

#include <algorithm>

#include "text/nearest.hpp"

namespace clutch::cli {
std::optional<std::string> unknown_command(std::string_view given, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), given) != names.end()) return std::nullopt;
  std::string said = "there is no command `" + std::string(given) + "`";
  if (const auto nearest = text::nearest(given, {names.begin(), names.end()}, 2)) {
    return said + "; did you mean `" + std::string(*nearest) + "`?";
  }
  said += "; there are";
  for (const auto& name : names) said += ' ' + name;
  // FUNCTION comes after the command; without one is what people first write.
  if (given.find('.') != std::string_view::npos)
    said += ": to call a function, write `clutch run " + std::string(given) + "`";
  return said;
}

}  // namespace clutch::cli
