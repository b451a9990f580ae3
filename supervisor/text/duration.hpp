// Durations as people write them: "30s", "500ms", "1.5h". Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace clutch::text {

/// A number and one of ns, us, ms, s, m, h; "0" is zero. Without one of these the number is of `bare_unit`, where that
/// is given. nullopt: it is no duration, or more than a century.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text,
                                                                     std::string_view bare_unit = {});
/// The largest unit that gives a whole number: "30s", "1500ms".
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds);

}  // namespace clutch::text
