// Whether the maps and arrays in records have the keys and types that PROTOCOL.md lists. Private to protocol/.
#pragma once

#include <cstddef>
#include <span>

#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/records.hpp"

namespace clutch::protocol {

/// An error map: every key known, once, of its type and within its limits.
[[nodiscard]] bool valid_error(Span encoded) noexcept;

/// A map of str to str, no key twice.
[[nodiscard]] bool valid_text_map(Span encoded);

/// What the fields of `record` hold beyond their types, for the records that say more of it.
[[nodiscard]] Refusal check_fields(const Record& record);

}  // namespace clutch::protocol
