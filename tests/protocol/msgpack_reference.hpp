// msgpack-cxx's own packer and unpacker, as a second opinion. In a translation unit of its own: nothing else of the
// tests may see msgpack's headers, since they mean something else under other macros.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/hex.hpp"

namespace clutch::test::reference {

[[nodiscard]] ByteVector nil();
[[nodiscard]] ByteVector boolean(bool value);
[[nodiscard]] ByteVector integer(std::int64_t value);
[[nodiscard]] ByteVector uint(std::uint64_t value);
[[nodiscard]] ByteVector real(double value);
[[nodiscard]] ByteVector string(std::string_view value);
[[nodiscard]] ByteVector binary(std::string_view value);
[[nodiscard]] ByteVector array_head(std::uint32_t elements);
[[nodiscard]] ByteVector map_head(std::uint32_t pairs);
[[nodiscard]] ByteVector timestamp(std::int64_t seconds, std::uint32_t nanoseconds);

/// What the unpacker makes of it, printed as it prints objects; throws where it is not exactly one value.
[[nodiscard]] std::string unpack_and_print(std::span<const std::byte> bytes);

}  // namespace clutch::test::reference
