#include "clutch/writer.hpp"

#include <array>
#include <bit>
#include <exception>
#include <string>

#include "clutch/protocol/scan.hpp"
#include "clutch/result.hpp"

namespace clutch {
namespace {

void check_count(const char* what, std::size_t declared, std::size_t added, int unwinding) {
  if (declared == added || std::uncaught_exceptions() != unwinding) return;
  throw misuse(std::string("a clutch::Codec declared ") + what + " of " + std::to_string(declared) + " and wrote " +
               std::to_string(added));
}

bool array_or_map(std::byte first) {
  const auto head = std::to_integer<unsigned>(first);
  return (head >= 0x80 && head <= 0x9f) || (head >= 0xdc && head <= 0xdf);
}

}  // namespace

// All nine bytes, whatever the number: msgpack-cxx's pack_double makes the integer 3 of 3.0, and 0 of -0.0.
void Writer::real(double value) {
  std::array<std::byte, 9> bytes{std::byte{0xcb}};
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (std::size_t i = 8; i > 0; --i, bits >>= 8) bytes[i] = static_cast<std::byte>(bits & 0xff);
  out_.raw(bytes);
}

void Writer::string(std::string_view text) {
  if (!protocol::valid_utf8(text)) path_.fail("a string that is not valid UTF-8 (send bytes as clutch::Bytes)");
  out_.string(text);
}

void Writer::fail(std::string_view expected) const { path_.fail("expected " + std::string(expected)); }

void Writer::check_key(std::size_t start) const {
  const auto written = out_.bytes().subspan(start);
  if (written.empty() || array_or_map(written.front())) path_.fail("a map's key that is an array or a map");
}

Writer::Array::Array(Writer& writer, std::size_t elements)
    : writer_(writer), level_(writer.path_, elements), declared_(elements), unwinding_(std::uncaught_exceptions()) {
  writer.out_.array(elements);
}

Writer::Array::~Array() noexcept(false) { check_count("an array", declared_, added_, unwinding_); }

Writer::Map::Map(Writer& writer, std::size_t pairs)
    : writer_(writer), level_(writer.path_, 2 * pairs), declared_(pairs), unwinding_(std::uncaught_exceptions()) {
  writer.out_.map(pairs);
}

Writer::Map::~Map() noexcept(false) { check_count("a map", declared_, added_, unwinding_); }

}  // namespace clutch
