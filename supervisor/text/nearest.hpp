// "did you mean". Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace clutch::text {

/// How many characters are to be put in, left out or changed to make one the other.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of `known` that is at most so far away.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view given,
                                                      const std::vector<std::string_view>& known, std::size_t at_most);

}  // namespace clutch::text
