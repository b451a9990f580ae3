// Reads MessagePack head by head, without allocating and without trusting what it reads: each step checks that what a
// head declares is there. Used for records and, under clutch::Reader, for values. The bytes must outlive the cursor.
//
// Format: https://github.com/msgpack/msgpack/blob/master/spec.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace clutch::protocol {

enum class Type : std::uint8_t { nil, boolean, positive, negative, real, string, binary, array, map, extension };

/// One head. `bits` is the value of nil, boolean, integers (two's complement where negative) and the bits of a float64
/// (float32 is widened); the number of elements of an array, of pairs of a map. `bytes` is the body of a string, bin
/// or extension.
struct Head {
  Type type = Type::nil;
  std::int8_t extension_type = 0;
  std::uint64_t bits = 0;
  std::span<const std::byte> bytes;

  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] double real() const noexcept;
};

class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) noexcept : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// False at the end, on a truncated head or body, on the reserved byte 0xc1, and where an array or map declares more
  /// elements than there are bytes left; the position is then where it was.
  [[nodiscard]] bool next(Head&) noexcept;
  /// The head that next() would give, without moving.
  [[nodiscard]] bool peek(Head&) const noexcept;

  // One head of one type; false, and not moved, for any other.
  [[nodiscard]] bool uint(std::uint64_t&) noexcept;
  [[nodiscard]] bool array(std::size_t& elements) noexcept;
  [[nodiscard]] bool map(std::size_t& pairs) noexcept;
  [[nodiscard]] bool string(std::string_view&) noexcept;
  [[nodiscard]] bool binary(std::span<const std::byte>&) noexcept;
  [[nodiscard]] bool boolean(bool&) noexcept;
  [[nodiscard]] bool nil() noexcept;

  /// Steps over one whole value, however deep it nests, in constant memory; `value` is what it stepped over.
  [[nodiscard]] bool skip(std::span<const std::byte>& value) noexcept;

  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return {at_, static_cast<std::size_t>(end_ - at_)}; }

 private:
  const std::byte* at_;
  const std::byte* end_;
};

}  // namespace clutch::protocol
