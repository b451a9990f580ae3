// Records as protocol/vectors/messages.json writes them, from what the reader made of a message.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "clutch/protocol/records.hpp"

namespace clutch::test {

/// By the vectors' name: "-in" is what a worker or a client receives, so a client's "-in" is what the daemon sends.
/// Throws std::out_of_range for any other.
[[nodiscard]] protocol::Direction direction_of(std::string_view link);

/// Its type, then its fields in order.
[[nodiscard]] nlohmann::json record_as_vector(const protocol::Record& record);

}  // namespace clutch::test
