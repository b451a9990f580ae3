// What the core believes of itself, looked at in production too: a count that is wrong would lose a call, or run one
// twice, in silence.
#pragma once

#include <source_location>

namespace clutch::core {

/// Says on stderr what does not hold, and where, and ends the process by SIGABRT. Its workers end with it, and clients
/// of a daemon are told what is true of their calls.
[[noreturn]] void on_broken_invariant(const char* what, const std::source_location& where) noexcept;

/// `what`: that which holds, in words. For what only a defect of this program can break; never for what others send.
inline void invariant(bool holds, const char* what,
                      const std::source_location where = std::source_location::current()) noexcept {
  if (!holds) [[unlikely]]
    on_broken_invariant(what, where);
}

}  // namespace clutch::core
