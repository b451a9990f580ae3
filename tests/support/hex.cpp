#include "support/hex.hpp"

#include <stdexcept>

namespace clutch::test {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

}  // namespace

ByteVector bytes_of_hex(std::string_view hex) {
  ByteVector bytes;
  std::size_t nibbles = 0;
  for (const char c : hex) {
    if (c == ' ') continue;
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) throw std::invalid_argument("not hex: " + std::string(hex));
    if (nibbles++ % 2 == 0) {
      bytes.push_back(static_cast<std::byte>(digit << 4));
    } else {
      bytes.back() |= static_cast<std::byte>(digit);
    }
  }
  if (nibbles % 2 != 0) throw std::invalid_argument("half a byte: " + std::string(hex));
  return bytes;
}

std::string hex_of(std::span<const std::byte> bytes) {
  std::string hex;
  for (const auto byte : bytes) {
    hex += digits[std::to_integer<std::size_t>(byte) >> 4];
    hex += digits[std::to_integer<std::size_t>(byte) & 15];
  }
  return hex;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace clutch::test
