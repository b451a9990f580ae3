// A call's function and request as one number: the same for the same call, whoever makes it. It tells calls apart, it
// is no secret and no proof. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "clutch/protocol/payload.hpp"

namespace clutch::core {

/// Arguments count whole; of a payload frame its length and its first and last 32 KiB. 0 is none's.
[[nodiscard]] std::uint64_t fingerprint_of(std::string_view function, const Request& request) noexcept;

/// The same, and every byte of the payload frames counts.
[[nodiscard]] std::uint64_t whole_fingerprint_of(std::string_view function, const Request& request) noexcept;

/// "9f3c0a1b22d4e5f6", as errors, the log and `clutch quarantine` show it.
[[nodiscard]] std::string shown(std::uint64_t fingerprint);

}  // namespace clutch::core
