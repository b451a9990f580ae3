#include "text/duration.hpp"

#include <array>
#include <charconv>

namespace clutch::text {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 6> units = {{{"h", 3'600'000'000'000},
                                        {"m", 60'000'000'000},
                                        {"s", 1'000'000'000},
                                        {"ms", 1'000'000},
                                        {"us", 1'000},
                                        {"ns", 1}}};
constexpr double duration_max_ns = 4e18;  // 126 years

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text, std::string_view bare_unit) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || number < 0) return std::nullopt;
  std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (name.empty() && number == 0) return std::chrono::nanoseconds(0);
  if (name.empty()) name = bare_unit;
  for (const auto& unit : units) {
    if (unit.name != name) continue;
    const double value = number * static_cast<double>(unit.nanoseconds);
    if (value > duration_max_ns) return std::nullopt;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(value + 0.5));
  }
  return std::nullopt;
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const auto count = duration.count();
  if (count == 0) return "0s";
  for (const auto& unit : units) {
    if (count % unit.nanoseconds == 0) return std::to_string(count / unit.nanoseconds) + std::string(unit.name);
  }
  return std::to_string(count) + "ns";
}

}  // namespace clutch::text
