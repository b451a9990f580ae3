// Bytes as a test writes and prints them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clutch::test {

using ByteVector = std::vector<std::byte>;

/// "93 01 07" -> bytes; spaces are skipped, anything else but hex digits is a mistake of the test and throws.
[[nodiscard]] ByteVector bytes_of_hex(std::string_view hex);
[[nodiscard]] std::string hex_of(std::span<const std::byte> bytes);
[[nodiscard]] std::span<const std::byte> bytes_of(std::string_view text);
[[nodiscard]] std::string text_of(std::span<const std::byte> bytes);

}  // namespace clutch::test
