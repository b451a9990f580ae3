// Workers that do not answer or do not turn: what the shell finds out of them, and tells.
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "io/pool_shell.hpp"

namespace clutch::io {
namespace {

// By SIGSTOP, or a debugger.
bool is_stopped(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = line.rfind(") ");
  const char state = name_end == std::string::npos || name_end + 2 >= line.size() ? '?' : line[name_end + 2];
  return state == 'T' || state == 't';
}

}  // namespace

// A loop that is blocked will go on, perhaps, and nothing of it is lost; a lane that has lost its connection will not.
void PoolShell::on_silence(const core::Silence& silence) {
  auto* each = channel(silence.worker);
  const std::string name = "worker " + std::to_string(silence.worker.value);
  if (silence.over) return note(LogLevel::info, name + " answers again");
  if (each != nullptr && each->lane_lost()) {
    return core_.end(silence.worker, silence.incarnation, core::EndReason::silence,
                     "the connection of one of its lanes is lost");
  }
  if (core_.workers()[silence.worker.value]->blocked_since) return;  // the log has more of it already
  const auto load = core_.workers()[silence.worker.value]->load();
  note(LogLevel::warning, name + " has not answered for " + std::to_string(limits::ping_unanswered_max.count()) +
                              " ms and has " + std::to_string(load) +
                              " call(s): something blocks its event loop; new calls go to other workers, or wait until "
                              "it answers. A function that blocks belongs into a plain `def`, which runs in a thread");
}

void PoolShell::on_blocked(const core::Blocked& blocked, core::Time now) {
  if (blocked.over) {
    return note(LogLevel::info, "worker " + std::to_string(blocked.worker.value) + " turns again, after " +
                                    std::to_string(blocked.stood / std::chrono::milliseconds(1)) + " ms");
  }
  examine({.worker = blocked.worker, .incarnation = blocked.incarnation, .stood = blocked.stood}, now);
}

// Asks what the loop is at. Goes on without an answer where none comes.
void PoolShell::examine(Examination&& examination, core::Time now) {
  auto* each = channel(examination.worker);
  if (each == nullptr || each->incarnation() != examination.incarnation) return;
  const auto incarnation = examination.incarnation;
  const bool asked = each->ask_blocked([this, incarnation](core::CallId call, std::string_view stack) {
    examinations_.on_answer(incarnation, call, stack,
                            [this](Examination&& found) { on_examined(std::move(found), EventLoop::Clock::now()); });
  });
  if (!asked) return on_examined(std::move(examination), now);
  examinations_.hold(std::move(examination), now);
}

void PoolShell::on_examined(Examination&& found, core::Time now) {
  auto* each = channel(found.worker);
  if (each == nullptr || each->incarnation() != found.incarnation || each->exited()) return;
  core_.on_examined(found.worker, found.incarnation, {found.call, found.stack});
  if (found.before_kill) return on_examined_before_kill(std::move(found), *each, now);
  BlockedFacts facts{.in_flight = core_.workers()[found.worker.value]->load()};
  if (found.call != core::CallId{}) facts.function = core_.function_of(found.worker, found.call);
  facts.stopped = !found.answered && is_stopped(each->pid());
  note(LogLevel::warning, describe(found, facts));
}

// Its faulthandler is the last resort: told to walk the frames of a running interpreter, it may crash it.
void PoolShell::on_examined_before_kill(Examination&& found, WorkerChannel& worker, core::Time now) {
  worker.read_page(core_, now);
  const bool blocked = core_.workers()[found.worker.value]->watch.blocked();
  if (blocked && !found.answered && !found.signalled && worker.signal_fault()) {
    found.signalled = true;
    return examinations_.hold(std::move(found), now);
  }
  core_.end_blocked(found.worker, found.incarnation, now);
}

void PoolShell::on_leaked(const core::Leaked& leaked) {
  note(LogLevel::warning,
       "worker " + std::to_string(leaked.worker.value) + ": `" + leaked.function + "` (call " +
           std::to_string(leaked.call.value) + ") goes on although it was cancelled and cancel_grace is over: " +
           (leaked.in_thread ? "it runs in a thread, which cannot be interrupted" : "it swallows its cancel") +
           ". It is leaked, one of " + std::to_string(leaked.count) + " there" +
           (leaked.replaced ? ", which are too many: the worker is replaced, and does not wait for them" : ""));
}

}  // namespace clutch::io
