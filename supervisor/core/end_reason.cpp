#include "core/end_reason.hpp"

#include <csignal>

#include "core/types.hpp"

namespace clutch::core {

std::string_view to_string(EndReason reason) noexcept {
  constexpr std::array<std::string_view, end_reasons> names = {"calls",    "age",  "rss",      "leak",   "reload",
                                                               "stop",     "boot", "deadline", "stall",  "silence",
                                                               "protocol", "exit", "crash",    "signal", "oom"};
  return names[static_cast<std::size_t>(reason)];
}

EndReason reason_of(const Exit& exit) noexcept {
  switch (exit.signal) {
    case 0:
      return EndReason::exit;
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
    case SIGFPE:
    case SIGILL:
      return EndReason::crash;
    default:
      return exit.out_of_memory ? EndReason::oom : EndReason::signal;
  }
}

bool died_of_itself(const Exit& exit) noexcept {
  return exit.signal == 0 ? exit.status != 0 : reason_of(exit) == EndReason::crash;
}

}  // namespace clutch::core
