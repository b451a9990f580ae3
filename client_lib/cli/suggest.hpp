// "did you mean".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clutch::cli {

/// The sentence for a command that is none of `names`, with the nearest of them; nothing if it is one.
[[nodiscard]] std::optional<std::string> unknown_command(std::string_view given, const std::vector<std::string>& names);

}  // namespace clutch::cli
