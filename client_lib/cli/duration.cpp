#include "duration.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace clutch::cli {

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept {
  constexpr std::array<std::pair<std::string_view, double>, 7> units = {
      {{"", 1e9}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || number < 0 || !std::isfinite(number)) return std::nullopt;
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, nanoseconds] : units) {
    if (name != unit) continue;
    const double count = std::round(number * nanoseconds);
    if (count >= static_cast<double>(std::numeric_limits<std::int64_t>::max())) return std::chrono::nanoseconds::max();
    return std::chrono::nanoseconds(static_cast<std::int64_t>(count));
  }
  return std::nullopt;
}

}  // namespace clutch::cli
