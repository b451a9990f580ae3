// Base64 (RFC 4648), with padding.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clutch::cli {

[[nodiscard]] std::string to_base64(std::span<const std::byte> bytes);
/// Nothing if it is not base64 to the letter.
[[nodiscard]] std::optional<std::vector<std::byte>> from_base64(std::string_view text);

}  // namespace clutch::cli
