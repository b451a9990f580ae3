// protocol/vectors/*.json, which the C++ and the Python code must read the same way; the format is told in make.py
// there.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "clutch/protocol/cursor.hpp"
#include "support/hex.hpp"

namespace clutch::test {

/// The vectors of one file, an array.
[[nodiscard]] nlohmann::json vectors(std::string_view file);

/// The next value as values.json writes values, or as messages.json does: plain, with a bin as {"bin": hex}.
[[nodiscard]] nlohmann::json tagged_value(protocol::Cursor& cursor);
[[nodiscard]] nlohmann::json plain_value(protocol::Cursor& cursor);

}  // namespace clutch::test
