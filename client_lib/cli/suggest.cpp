#include "suggest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace clutch::cli {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({row[j] + 1, row[j + 1] + 1, substituted}));
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> unknown_command(std::string_view given, const std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), given) != names.end()) return std::nullopt;
  std::string text = "there is no command `" + std::string(given) + "`";
  const auto nearest = std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return edit_distance(given, a) < edit_distance(given, b);
  });
  if (edit_distance(given, *nearest) <= 2) return text + "; did you mean `" + *nearest + "`?";
  text += "; there are";
  for (const auto& name : names) text += ' ' + name;
  // FUNCTION comes after the command; without one is what people first write.
  if (given.find('.') != std::string_view::npos)
    text += ": to call a function, write `clutch run " + std::string(given) + "`";
  return text;
}

}  // namespace clutch::cli
