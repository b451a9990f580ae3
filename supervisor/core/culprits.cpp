// Whose fault it is that a worker ended, or that its loop is blocked. It is only said where it is known.
#include <csignal>
#include <utility>

#include "core/pool_core.hpp"

namespace clutch::core {
namespace {

// Of a dump of all threads, that of the one which crashed, or ran the signal's handler: the loop's.
std::string_view current_thread(std::string_view dump) {
  const auto at = dump.find("Current thread ");
  if (at == std::string_view::npos) return dump;
  dump.remove_prefix(at);
  return dump.substr(0, dump.find("\n\n"));
}

// Whether a line of a stack, `File "/path/module.py", line 3 in name`, is of the function `module.name`.
bool is_of(std::string_view line, std::string_view function) {
  const auto dot = function.rfind('.');
  const auto in = line.rfind(" in ");
  const auto file = line.find("File \"");
  if (dot == std::string_view::npos || in == std::string_view::npos || file == std::string_view::npos) return false;
  if (line.substr(in + 4) != function.substr(dot + 1)) return false;
  auto path = line.substr(file + 6);
  path = path.substr(0, path.find('"'));
  if (path.ends_with("/__init__.py")) path.remove_suffix(std::string_view("/__init__.py").size());
  if (path.ends_with(".py")) path.remove_suffix(3);
  const auto module = function.substr(0, dot);
  return path.substr(path.rfind('/') + 1) == module.substr(module.rfind('.') + 1);
}

std::string named(const Culprit& culprit) {
  return "`" + culprit.function + "` (call " + std::to_string(culprit.call) + ")";
}

}  // namespace

// The one call among those that had begun whose function the stack shows.
Call* PoolCore::dumped_call(Worker& worker, std::string_view stack) {
  Call* found = nullptr;
  while (!stack.empty()) {
    const auto line = stack.substr(0, stack.find('\n'));
    stack.remove_prefix(std::min(stack.size(), line.size() + 1));
    for (Call* call = worker.leases.front(); call != nullptr; call = worker.leases.after(*call)) {
      if (call->state != CallState::begun || !is_of(line, functions_[call->function].name)) continue;
      if (found != nullptr && found != call) return nullptr;
      found = call;
    }
  }
  return found;
}

// Of a worker whose loop is blocked, as of the last reading of its page.
Call* PoolCore::blocking_call(Worker& worker) {
  const auto first_step = worker.watch.pulse().first_step;
  for (Call* call = worker.leases.front(); call != nullptr && first_step != 0; call = worker.leases.after(*call)) {
    if (call->execution == Execution::loop && call->seq == first_step) return call;
  }
  if (!worker.sight) return nullptr;
  if (worker.sight->at != CallId{}) return leased(worker, worker.sight->at);
  return dumped_call(worker, worker.sight->stack);
}

// Called while it has its calls still, and before its end is counted.
Verdict PoolCore::verdict(Worker& worker, const Exit& exit) {
  const bool blocked = !worker.end_cause.empty();
  const bool crashed = !worker.ended_as && reason_of(exit) == EndReason::crash;
  if (!blocked && !crashed) return {};
  Verdict verdict;
  for (Call* call = worker.leases.front(); call != nullptr; call = worker.leases.after(*call)) {
    verdict.among += call->state == CallState::begun ? 1 : 0;
  }
  Call* culprit = blocked ? blocking_call(worker) : nullptr;
  if (culprit == nullptr) culprit = dumped_call(worker, current_thread(exit.python_stack));
  if (culprit != nullptr) verdict.culprit = Culprit{functions_[culprit->function].name, culprit->id().value};
  return verdict;
}

// Its neighbours have nothing to do with it. Where it is not known, each of them may be it.
void PoolCore::note_kill(Worker& worker, const Verdict& verdict, Time now) {
  if (!verdict.culprit) return note_suspects(worker, now);
  const Call* culprit = leased(worker, CallId{verdict.culprit->call});
  if (culprit == nullptr || !quarantine_.wanted() || state_ == PoolState::draining) return;
  if (!quarantine_.on_kill(culprit->fingerprint, verdict.culprit->function, true, now)) return;
  actions_.life.emplace_back(Quarantined{culprit->fingerprint, verdict.culprit->function, options_.quarantine_after});
}

void PoolCore::blame(const Call& call, const Worker& worker, const Verdict& verdict, Error& error) const {
  if (!worker.end_cause.empty() && worker.sight && !worker.sight->stack.empty())
    error.python_stack = worker.sight->stack;
  const std::string did = worker.end_cause.empty() ? "crashed it" : "blocked it";
  if (!verdict.culprit) {
    if (verdict.among > 1) {
      error.message +=
          ". Which of the " + std::to_string(verdict.among) + " calls that it had begun " + did + " is not known";
    }
    return;
  }
  error.culprit = verdict.culprit;
  error.collateral = verdict.culprit->call != call.id().value;
  error.message += error.collateral ? ". " + named(*verdict.culprit) + " " + did + ": this call is not at fault"
                                    : ". This call " + did;
}

// Of a call that was still with its worker when its time was over.
void PoolCore::name_blocking(const Call& call, Error& error) {
  Worker& worker = *workers_[call.worker.value];
  if (call.execution != Execution::loop || !worker.watch.blocked()) return;
  const Call* culprit = blocking_call(worker);
  if (culprit == &call) {
    error.message += ". It blocks its worker's event loop: what blocks belongs into a plain `def`";
    if (worker.sight) error.python_stack = worker.sight->stack;
  } else if (culprit != nullptr) {
    error.culprit = Culprit{functions_[culprit->function].name, culprit->id().value};
    error.message += ". " + named(*error.culprit) + " blocks its worker's event loop";
  } else {
    error.message += ". Its worker's event loop is blocked, it is not known by what";
  }
}

}  // namespace clutch::core
