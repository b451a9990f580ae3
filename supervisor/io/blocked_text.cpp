#include "io/blocked_text.hpp"

namespace clutch::io {
namespace {

std::string by_what(const Examination& found, const BlockedFacts& facts) {
  if (facts.stopped) return ". The process is stopped, by SIGSTOP or a debugger: kill -CONT lets it go on";
  if (!found.answered) {
    return ". Its watchdog thread does not answer either: native code holds the GIL. Run it in a process of its own, "
           "or release the GIL in it";
  }
  std::string text;
  if (!facts.function.empty()) {
    text += ": `" + facts.function + "` (call " + std::to_string(found.call.value) + ") is at it";
  }
  text += ". A function that blocks belongs into a plain `def`, which runs in a thread";
  if (!found.stack.empty()) text += ". It is at\n" + found.stack;
  return text;
}

}  // namespace

std::string describe(const Examination& found, const BlockedFacts& facts) {
  const auto milliseconds = found.stood / std::chrono::milliseconds(1);
  return "worker " + std::to_string(found.worker.value) + " is blocked: its event loop has not turned for " +
         std::to_string(milliseconds) + " ms, and it has " + std::to_string(facts.in_flight) +
         " call(s); new ones go to other workers, or wait" + by_what(found, facts);
}

}  // namespace clutch::io
