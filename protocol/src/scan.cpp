#include "clutch/protocol/scan.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/limits.hpp"

namespace clutch::protocol {
namespace {

constexpr std::size_t keys_compared_in_place = 16;
constexpr std::uint32_t nanoseconds_per_second = 1'000'000'000;

std::uint64_t big_endian(const std::byte* at, std::size_t width) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | std::to_integer<std::uint64_t>(at[i]);
  return value;
}

struct Timestamp {
  std::uint64_t seconds = 0;  // two's complement
  std::uint32_t nanoseconds = 0;
};

// Of 4, 8 or 12 bytes, as the MessagePack specification has it.
std::optional<Timestamp> timestamp_of(const Head& head) noexcept {
  if (head.extension_type != -1) return std::nullopt;
  const auto* at = head.bytes.data();
  Timestamp time;
  switch (head.bytes.size()) {
    case 4:
      return Timestamp{big_endian(at, 4), 0};
    case 8: {
      const auto both = big_endian(at, 8);  // 30 bits of nanoseconds, then 34 of seconds
      time = {both & 0x3'ffff'ffff, static_cast<std::uint32_t>(both >> 34)};
      break;
    }
    case 12:
      time = {big_endian(at + 4, 8), static_cast<std::uint32_t>(big_endian(at, 4))};
      break;
    default:
      return std::nullopt;
  }
  if (time.nanoseconds >= nanoseconds_per_second) return std::nullopt;
  return time;
}

// A key so that equal keys compare equal whatever the width they were written in.
struct Key {
  Type type = Type::nil;
  std::uint64_t bits = 0;
  std::uint32_t nanoseconds = 0;
  std::string_view text = {};

  friend bool operator==(const Key&, const Key&) = default;
  friend auto operator<=>(const Key&, const Key&) = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 errs
};

Key key_of(const Head& head) {
  if (head.type == Type::string || head.type == Type::binary) return {.type = head.type, .text = head.text()};
  if (head.type != Type::extension) return {.type = head.type, .bits = head.bits};
  const auto time = timestamp_of(head).value_or(Timestamp{});  // what is none is refused after
  return {.type = head.type, .bits = time.seconds, .nanoseconds = time.nanoseconds};
}

class Scanner {
 public:
  explicit Scanner(std::span<const std::byte> bytes) : cursor_(bytes) {}

  ScanError run() {
    if (const auto error = value(0); error != ScanError::none) return error;
    return cursor_.at_end() ? ScanError::none : ScanError::trailing_bytes;
  }

  ScanError run_items() {
    std::size_t count = 0;
    if (!cursor_.array(count)) return ScanError::truncated;
    for (std::size_t i = 0; i < count; ++i) {
      elements_ = 0;
      if (const auto error = value(0); error != ScanError::none) return error;
    }
    return cursor_.at_end() ? ScanError::none : ScanError::trailing_bytes;
  }

 private:
  ScanError head(Head& head) {
    if (cursor_.next(head)) return ScanError::none;
    const auto rest = cursor_.rest();
    if (!rest.empty() && rest[0] == std::byte{0xc1}) return ScanError::reserved_byte;
    return elements_ + declared(rest) > limits::elements_max ? ScanError::too_many_elements : ScanError::truncated;
  }

  // What a head that declares more than there is declares.
  static std::uint64_t declared(std::span<const std::byte> rest) {
    if (rest.size() < 5 || (rest[0] != std::byte{0xdd} && rest[0] != std::byte{0xdf})) return 0;
    const auto count = big_endian(rest.data() + 1, 4);
    return rest[0] == std::byte{0xdf} ? 2 * count : count;
  }

  ScanError scalar(const Head& head) {
    if (head.type == Type::string && !valid_utf8(head.text())) return ScanError::invalid_utf8;
    if (head.type == Type::extension && !timestamp_of(head)) return ScanError::unknown_ext;
    return ScanError::none;
  }

  // Containers declare what they hold before it comes: what all open ones still owe cannot exceed the bytes left.
  ScanError declare(std::uint64_t values) {
    elements_ += values;
    owed_ += values;
    if (elements_ > limits::elements_max) return ScanError::too_many_elements;
    return owed_ > cursor_.rest().size() ? ScanError::truncated : ScanError::none;
  }

  ScanError value(std::size_t depth) {
    Head head_read;
    if (const auto error = head(head_read); error != ScanError::none) return error;
    if (owed_ != 0) --owed_;
    const bool container = head_read.type == Type::array || head_read.type == Type::map;
    if (!container) return scalar(head_read);
    if (depth == limits::depth_max) return ScanError::too_deep;
    return head_read.type == Type::array ? array(head_read.bits, depth) : map(head_read.bits, depth);
  }

  ScanError array(std::uint64_t elements, std::size_t depth) {
    if (const auto error = declare(elements); error != ScanError::none) return error;
    for (std::uint64_t i = 0; i < elements; ++i) {
      if (const auto error = value(depth + 1); error != ScanError::none) return error;
    }
    return ScanError::none;
  }

  ScanError map(std::uint64_t pairs, std::size_t depth) {
    if (const auto error = declare(2 * pairs); error != ScanError::none) return error;
    return pairs <= keys_compared_in_place ? small_map(pairs, depth) : large_map(pairs, depth);
  }

  ScanError small_map(std::uint64_t pairs, std::size_t depth) {
    std::array<Key, keys_compared_in_place> keys;
    for (std::size_t i = 0; i < pairs; ++i) {
      if (const auto error = key(keys[i]); error != ScanError::none) return error;
      if (std::find(keys.begin(), keys.begin() + i, keys[i]) != keys.begin() + i) return ScanError::duplicate_key;
      if (const auto error = value(depth + 1); error != ScanError::none) return error;
    }
    return ScanError::none;
  }

  ScanError large_map(std::uint64_t pairs, std::size_t depth) {
    std::vector<Key> keys;  // grows with what is really there, not with what was declared
    for (std::uint64_t i = 0; i < pairs; ++i) {
      if (const auto error = key(keys.emplace_back()); error != ScanError::none) return error;
      if (const auto error = value(depth + 1); error != ScanError::none) return error;
    }
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) == keys.end() ? ScanError::none : ScanError::duplicate_key;
  }

  ScanError key(Key& key) {
    Head read;
    if (const auto error = head(read); error != ScanError::none) return error;
    --owed_;
    if (read.type == Type::array || read.type == Type::map) return ScanError::bad_key;
    key = key_of(read);
    return scalar(read);
  }

  Cursor cursor_;
  std::uint64_t owed_ = 0;
  std::uint64_t elements_ = 0;
};

}  // namespace

std::string_view to_string(ScanError error) noexcept {
  constexpr std::array<std::string_view, 10> names = {
      "none",        "truncated",    "reserved_byte", "trailing_bytes", "too_deep", "too_many_elements",
      "unknown_ext", "invalid_utf8", "bad_key",       "duplicate_key"};
  return names[static_cast<std::size_t>(error)];
}

ScanError scan(std::span<const std::byte> value) { return Scanner(value).run(); }

ScanError scan_items(std::span<const std::byte> array) { return Scanner(array).run_items(); }

bool valid_utf8(std::string_view text) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  while (at != end) {
    std::uint64_t eight = 0;
    while (end - at >= 8 && (std::memcpy(&eight, at, 8), (eight & high_bits) == 0)) at += 8;
    if (at == end) break;
    const unsigned char first = *at++;
    if (first < 0x80) continue;
    // The Unicode standard, table 3-7: the second byte's range depends on the first.
    std::size_t more = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
      more = 1;
    } else if (first >= 0xe0 && first <= 0xef) {
      more = 2;
      if (first == 0xe0) low = 0xa0;
      if (first == 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3;
      if (first == 0xf0) low = 0x90;
      if (first == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    if (static_cast<std::size_t>(end - at) < more) return false;
    if (*at < low || *at > high) return false;
    ++at;
    for (--more; more != 0; --more, ++at) {
      if (*at < 0x80 || *at > 0xbf) return false;
    }
  }
  return true;
}

}  // namespace clutch::protocol
