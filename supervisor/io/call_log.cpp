#include "io/call_log.hpp"

#include <array>
#include <cstdio>

namespace clutch::io {
namespace {

using What = core::CallStep::What;

std::string milliseconds(core::Duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f ms", static_cast<double>(duration.count()) / 1e6);
  return text.data();
}

std::string worker_of(const core::CallStep& step) {
  return step.worker ? " worker " + std::to_string(step.worker->value) : " no worker";
}

}  // namespace

void CallLog::write(const core::CallStep& step, core::Time now) {
  std::string text = "call ";
  if (step.what != What::refused && step.what != What::replayed) text += std::to_string(step.call.value) + ' ';
  text += '`' + step.function + "`, attempt " + std::to_string(step.attempt) + ": " + told(step, now);
  log_.write(LogLevel::debug, "pool " + log_.name(), text);
}

std::string CallLog::told(const core::CallStep& step, core::Time now) {
  if (step.what == What::refused) return "refused: " + step.ended_as;
  if (step.what == What::replayed) return "answered by what its idempotency key came to before: " + step.ended_as;
  Times& times = under_way_[step.call.value];
  switch (step.what) {
    case What::accepted:
      times = {.accepted = now};
      return "accepted";
    case What::joined:
      times = {.accepted = now};
      return "has the outcome of call " + std::to_string(step.joins.value) + ", by their idempotency key";
    case What::queued: {
      const bool again = std::exchange(times.sent, {}) != core::Time{};
      return std::string(again ? "queued again, since its worker ended before it began" : "queued") + " (" +
             std::to_string(step.waiting) + " waiting)";
    }
    case What::sent:
      times.sent = now;
      return "sent to" + worker_of(step) + ", " + milliseconds(now - times.accepted) + " after it was accepted";
    case What::begun:
      times.begun = now;
      return "begun by" + worker_of(step) + (step.told_by_result ? ", as its result tells" : "") + ", " +
             milliseconds(now - times.sent) + " after it was sent";
    default:
      break;
  }
  const auto ended = times;
  under_way_.erase(step.call.value);
  std::string text = "returned " + step.ended_as;
  if (step.worker) text += ", from" + worker_of(step);
  text += ", " + milliseconds(now - ended.accepted) + " after it was accepted";
  if (step.worker) text += ": " + milliseconds(ended.sent - ended.accepted) + " until sent";
  if (ended.begun == core::Time{}) return text;
  return text + ", " + milliseconds(ended.begun - ended.sent) + " until begun, " + milliseconds(now - ended.begun) +
         " until returned";
}

}  // namespace clutch::io
