// Durations as people write them: "30s", "500ms", "1.5h". Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace clutch::daemon {

/// A number and one of ns, us, ms, s, m, h; "0" is zero. nullopt: it is not one.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// The largest unit that gives a whole number: "30s", "1500ms".
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds);

}  // namespace clutch::daemon
