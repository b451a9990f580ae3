#include "text/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace clutch::text {

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

std::optional<std::string_view> nearest(std::string_view given, const std::vector<std::string_view>& known,
                                        std::size_t at_most) {
  std::optional<std::string_view> best;
  for (const auto name : known) {
    const auto distance = edit_distance(given, name);
    if (distance > at_most || (best && distance == at_most)) continue;
    best = name;
    at_most = distance;
  }
  return best;
}

}  // namespace clutch::text
