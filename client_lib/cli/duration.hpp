// Durations as people write them.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace clutch::cli {

/// "30s", "1.5s", "250ms", "10us", "2m", "1h"; a number alone is seconds. Nothing for anything else, nor below zero.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept;

}  // namespace clutch::cli
