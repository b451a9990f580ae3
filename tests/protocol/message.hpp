// Messages and errors as the tests of records write them.
#pragma once

#include <functional>
#include <string_view>

#include "clutch/protocol/records.hpp"
#include "support/hex.hpp"

namespace clutch::protocol::test {

using clutch::test::ByteVector;

inline constexpr std::uint64_t own_epoch = 7;

/// An envelope of one record whose fields `write` writes.
[[nodiscard]] ByteVector message_of(RecordType type, std::size_t fields, const std::function<void(Writer&)>& write);

/// What Message::read says of it.
[[nodiscard]] Refusal read(const ByteVector& envelope, Direction direction, std::size_t frames = 0);

/// A failed call's error with everything in it.
[[nodiscard]] Error whole_error();

/// An exception with `causes` more behind it.
[[nodiscard]] PythonException chain(std::size_t causes);

}  // namespace clutch::protocol::test
