#include "clutch/protocol/cursor.hpp"

#include <bit>
#include <limits>

namespace clutch::protocol {
namespace {

std::uint64_t big_endian(const std::byte* at, std::size_t width) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | std::to_integer<std::uint64_t>(at[i]);
  return value;
}

std::uint64_t sign_extended(std::uint64_t value, std::size_t width) noexcept {
  const auto shift = 64 - 8 * width;
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << shift) >> shift);
}

// What follows the first byte: `width` bytes of number, then, for strings, bins and extensions, a body.
struct Shape {
  Type type;
  std::uint8_t width;  // of the number or length that follows
  bool body;           // the number is the length of a body
};

// 0xc0 … 0xdf, without those that carry their length in the first byte.
constexpr Shape shapes[32] = {
    {Type::nil, 0, false},      {Type::nil, 0, false} /* 0xc1, never looked up */,
    {Type::boolean, 0, false},  {Type::boolean, 0, false},
    {Type::binary, 1, true},    {Type::binary, 2, true},
    {Type::binary, 4, true},    {Type::extension, 1, true},
    {Type::extension, 2, true}, {Type::extension, 4, true},
    {Type::real, 4, false},     {Type::real, 8, false},
    {Type::positive, 1, false}, {Type::positive, 2, false},
    {Type::positive, 4, false}, {Type::positive, 8, false},
    {Type::negative, 1, false}, {Type::negative, 2, false},
    {Type::negative, 4, false}, {Type::negative, 8, false},
    {Type::extension, 0, true}, {Type::extension, 0, true},
    {Type::extension, 0, true}, {Type::extension, 0, true},
    {Type::extension, 0, true}, {Type::string, 1, true},
    {Type::string, 2, true},    {Type::string, 4, true},
    {Type::array, 2, false},    {Type::array, 4, false},
    {Type::map, 2, false},      {Type::map, 4, false},
};

constexpr std::uint8_t fixext1 = 0xd4;

void set_number(Head& head, Shape shape, std::uint64_t bits) noexcept {
  head.bits = bits;
  if (shape.type == Type::real && shape.width == 4) {
    head.bits =
        std::bit_cast<std::uint64_t>(static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits))));
  } else if (shape.type == Type::negative) {
    head.bits = sign_extended(bits, shape.width);
    if (static_cast<std::int64_t>(head.bits) >= 0) head.type = Type::positive;
  }
}

}  // namespace

double Head::real() const noexcept { return std::bit_cast<double>(bits); }

bool Cursor::next(Head& head) noexcept {
  const auto left = static_cast<std::size_t>(end_ - at_);
  if (left == 0) return false;
  const auto first = std::to_integer<std::uint8_t>(*at_);
  if (first < 0x80) {
    head.type = Type::positive;
    head.bits = first;
    ++at_;
    return true;
  }
  if (first >= 0xe0) {
    head.type = Type::negative;
    head.bits = sign_extended(first, 1);
    ++at_;
    return true;
  }
  std::size_t head_bytes = 1;
  std::size_t length = 0;
  bool body = false;
  if (first < 0xc0) {
    const bool string = first >= 0xa0;
    head.type = string ? Type::string : first >= 0x90 ? Type::array : Type::map;
    length = first & (string ? 0x1fu : 0x0fu);
    head.bits = length;
    body = string;
  } else {
    if (first == 0xc1) return false;
    const Shape shape = shapes[first - 0xc0];
    if (left < 1u + shape.width) return false;
    head.type = shape.type;
    const auto number = big_endian(at_ + 1, shape.width);
    head_bytes += shape.width;
    body = shape.body;
    length = static_cast<std::size_t>(number);
    if (shape.type == Type::boolean) {
      head.bits = first & 1u;
    } else {
      set_number(head, shape, number);
    }
    if (shape.type == Type::extension) {
      if (shape.width == 0) length = std::size_t{1} << (first - fixext1);
      if (left <= head_bytes) return false;
      head.extension_type = static_cast<std::int8_t>(at_[head_bytes++]);
    }
  }
  const auto after = left - head_bytes;
  if (body) {
    if (length > after) return false;
    head.bytes = {at_ + head_bytes, length};
    at_ += head_bytes + length;
    return true;
  }
  if (head.type == Type::array && head.bits > after) return false;
  if (head.type == Type::map && head.bits > after / 2) return false;
  at_ += head_bytes;
  return true;
}

bool Cursor::peek(Head& head) const noexcept {
  Cursor copy = *this;
  return copy.next(head);
}

namespace {

bool expect(Cursor& cursor, Head& head, Type type) noexcept {
  Cursor copy = cursor;
  if (!copy.next(head) || head.type != type) return false;
  cursor = copy;
  return true;
}

}  // namespace

bool Cursor::uint(std::uint64_t& value) noexcept {
  Head head;
  if (!expect(*this, head, Type::positive)) return false;
  value = head.bits;
  return true;
}

bool Cursor::array(std::size_t& elements) noexcept {
  Head head;
  if (!expect(*this, head, Type::array)) return false;
  elements = head.bits;
  return true;
}

bool Cursor::map(std::size_t& pairs) noexcept {
  Head head;
  if (!expect(*this, head, Type::map)) return false;
  pairs = head.bits;
  return true;
}

bool Cursor::string(std::string_view& text) noexcept {
  Head head;
  if (!expect(*this, head, Type::string)) return false;
  text = head.text();
  return true;
}

bool Cursor::binary(std::span<const std::byte>& bytes) noexcept {
  Head head;
  if (!expect(*this, head, Type::binary)) return false;
  bytes = head.bytes;
  return true;
}

bool Cursor::boolean(bool& value) noexcept {
  Head head;
  if (!expect(*this, head, Type::boolean)) return false;
  value = head.bits != 0;
  return true;
}

bool Cursor::nil() noexcept {
  Head head;
  return expect(*this, head, Type::nil);
}

bool Cursor::skip(std::span<const std::byte>& value) noexcept {
  const Cursor start = *this;
  std::size_t owed = 1;  // values that open containers still have to give
  Head head;
  while (owed != 0) {
    if (!next(head)) break;
    --owed;
    if (head.type == Type::array) owed += head.bits;
    if (head.type == Type::map) owed += 2 * head.bits;
    if (owed > static_cast<std::size_t>(end_ - at_)) break;
  }
  if (owed != 0) {
    *this = start;
    return false;
  }
  value = {start.at_, static_cast<std::size_t>(at_ - start.at_)};
  return true;
}

}  // namespace clutch::protocol
