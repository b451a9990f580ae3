#include "core/call_names.hpp"

#include <algorithm>
#include <map>

namespace clutch::core {

std::string names_of_calls(const Worker& worker, const Functions& functions) {
  constexpr std::size_t names_max = 10;
  std::map<std::string_view, std::size_t> counts;
  for (Call* call = worker.leases.front(); call != nullptr; call = worker.leases.after(*call)) {
    ++counts[functions[call->function].name];
  }
  std::vector<std::pair<std::string_view, std::size_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string names;
  for (std::size_t i = 0; i < std::min(sorted.size(), names_max); ++i) {
    names += (i == 0 ? "" : ", ") + std::string(sorted[i].first) + " (" + std::to_string(sorted[i].second) + ")";
  }
  if (sorted.size() > names_max) names += " and " + std::to_string(sorted.size() - names_max) + " more";
  return names;
}

}  // namespace clutch::core
