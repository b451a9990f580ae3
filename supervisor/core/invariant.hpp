// What the core believes of itself, looked at in production too: a count that is wrong would lose a call, or run one
// twice, in silence.
#pragma once

namespace clutch::core {

/// Says on stderr what does not hold, and where, and ends the process by SIGABRT. Its workers end with it, and clients
/// of a daemon are told what is true of their calls.
[[noreturn]] void on_broken_invariant(const char* what, const char* file, int line) noexcept;

/// `what`: that which holds, in words. For what only a defect of this program can break; never for what others send.
/// The built-ins are those of std::source_location, which clang 14 does not have.
inline void invariant(bool holds, const char* what, const char* file = __builtin_FILE(),
                      int line = __builtin_LINE()) noexcept {
  if (!holds) [[unlikely]]
    on_broken_invariant(what, file, line);
}

}  // namespace clutch::core
