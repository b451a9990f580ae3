// Why a worker ended. Each is counted apart: a pool that replaces its workers in time and one whose workers crash must
// not look alike. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace clutch::core {

struct Exit;

enum class EndReason : std::uint8_t {
  // It was replaced first: recycled.
  calls,   ///< it had max_calls
  age,     ///< it was up for max_age
  rss,     ///< its memory grew to max_rss
  leak,    ///< calls of it ended for their callers and run on
  reload,  ///< its code is old
  // It was ended.
  stop,      ///< the pool stops, or has failed
  boot,      ///< it did not become ready
  deadline,  ///< a call with a deadline in the past blocked it
  stall,     ///< its loop stood still for stall_limit
  silence,   ///< it does not answer, or its lanes are lost
  protocol,  ///< it broke the protocol
  // It ended.
  exit,    ///< of its own accord, with whatever status
  crash,   ///< native code: SIGSEGV and its kin
  signal,  ///< somebody's
  oom,     ///< the kernel's, for want of memory
};
inline constexpr std::size_t end_reasons = 15;

using EndCounts = std::array<std::uint64_t, end_reasons>;  ///< by EndReason

[[nodiscard]] std::string_view to_string(EndReason) noexcept;
/// Its replacement was there before it left.
[[nodiscard]] constexpr bool is_recycling(EndReason reason) noexcept { return reason <= EndReason::reload; }
/// Of one that nobody told to end.
[[nodiscard]] EndReason reason_of(const Exit&) noexcept;
/// By a crash or an exit of its own: not as a process ends that is told to.
[[nodiscard]] bool died_of_itself(const Exit&) noexcept;

}  // namespace clutch::core
