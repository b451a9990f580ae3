// The structural scanner: whether bytes are one value of the domain in PROTOCOL.md, "Values". It allocates only to
// compare the keys of maps of more than 16 pairs, never more than a few bytes a declared and present key.
// msgspec, which reads the value afterwards, accepts duplicate keys and unknown extensions silently: this is the fence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace clutch::protocol {

enum class ScanError : std::uint8_t {
  none,
  truncated,          ///< it ends before what it declares, or declares more elements than bytes are left
  reserved_byte,      ///< 0xc1
  trailing_bytes,     ///< more than one value
  too_deep,           ///< limits::depth_max
  too_many_elements,  ///< limits::elements_max
  unknown_ext,        ///< an extension other than a well-formed timestamp
  invalid_utf8,       ///< in a string
  bad_key,            ///< a map's key that is an array or a map
  duplicate_key,
};

[[nodiscard]] std::string_view to_string(ScanError) noexcept;

/// Exactly one value.
[[nodiscard]] ScanError scan(std::span<const std::byte> value);
/// Exactly one array, each item of which is a value: it counts neither as a level nor as elements.
[[nodiscard]] ScanError scan_items(std::span<const std::byte> array);

/// Whether bytes are valid UTF-8 (no surrogates, no overlong forms, nothing beyond U+10FFFF).
[[nodiscard]] bool valid_utf8(std::string_view) noexcept;

}  // namespace clutch::protocol
