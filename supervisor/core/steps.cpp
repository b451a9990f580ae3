// What becomes of calls, for the log. Decides nothing; names functions, exceptions and codes, never a value.
#include "core/pool_core.hpp"

namespace clutch::core {
namespace {

std::string named(const Error& error) {
  std::string text(to_string(error.code));
  if (error.exception) text += " (" + error.exception->type + ")";
  return text + ", " + std::string(to_string(error.certainty));
}

}  // namespace

void PoolCore::tell(const Call& call, CallStep::What what) {
  auto& step = actions_.steps.emplace_back();
  step.what = what;
  step.call = call.id();
  step.function = functions_[call.function].name;
  step.attempt = call.attempt;
  if (call.state == CallState::sent || call.state == CallState::begun) step.worker = call.worker;
  step.waiting = queued_;
}

void PoolCore::tell_refusal(std::string_view function, const Submission& submission, const Error& error) {
  auto& step = actions_.steps.emplace_back();
  step.what = CallStep::What::refused;
  step.function = function;
  step.attempt = submission.attempt;
  step.ended_as = named(error);
}

void PoolCore::tell_replay(std::string_view function, const Submission& submission, const Outcome& outcome) {
  auto& step = actions_.steps.emplace_back();
  step.what = CallStep::What::replayed;
  step.function = function;
  step.attempt = submission.attempt;
  const auto* error = std::get_if<Error>(&outcome);
  step.ended_as = error == nullptr ? "a value" : named(*error);
}

void PoolCore::tell_end(const Call& call, const Outcome& outcome) {
  const auto* error = std::get_if<Error>(&outcome);
  // One that ended in its first step is told begun by nothing else: BEGUN comes behind the result.
  if (call.state == CallState::sent && (error == nullptr || error->certainty == Certainty::started)) {
    tell(call, CallStep::What::begun);
    actions_.steps.back().told_by_result = true;
  }
  tell(call, CallStep::What::returned);
  std::string value = "a value";
  if (call.stream) value = std::to_string(call.stream->items) + " item(s)";
  actions_.steps.back().ended_as = error == nullptr ? value : named(*error);
}

}  // namespace clutch::core
