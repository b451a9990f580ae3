#include "io/worker_end.hpp"

#include <csignal>

namespace clutch::io {
namespace {

using core::WorkerState;

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " call" + (count == 1 ? "" : "s") + std::string(what);
}

std::string of_its_calls(const WorkerEnd& end) {
  std::string text;
  if (end.lost != 0) text += "; " + counted(end.lost, " ended as worker_lost");
  if (end.requeued != 0) text += "; " + counted(end.requeued, " it had not begun wait for another worker");
  return text;
}

std::string what_comes_next(const WorkerEnd& end) {
  if (!end.next_in) return "";
  if (*end.next_in <= core::Duration(0)) return "; another is started";
  return "; another is started in " + std::to_string(*end.next_in / std::chrono::milliseconds(1)) + " ms";
}

// Where a call tells the stack, it is not told twice.
std::string crash_hint(const WorkerEnd& end) {
  if (end.exit.python_stack.empty()) return ". Native code in it crashed, and left no Python stack";
  if (end.lost != 0) return ". Native code in it crashed: the calls' errors have the Python stack";
  constexpr std::size_t shown = 2048;
  return ". Native code in it crashed; its Python stack was: " + end.exit.python_stack.substr(0, shown);
}

std::string hint(const WorkerEnd& end) {
  constexpr int status_link_lost = 5;  // the worker's own word, and it logs why
  if (end.exit.signal == 0 && end.exit.status == status_link_lost) return ". Its link to here was cut: it logged why";
  switch (end.exit.signal) {
    case 0:
      return ". Something in it ended the process: look for os._exit, or a library that calls exit()";
    case SIGKILL:
      if (end.exit.out_of_memory) {
        return ". The kernel killed it for want of memory: let it hold less (max_rss replaces one in time), or give "
               "the "
               "machine or its cgroup more";
      }
      return ". If nobody killed it, the kernel did for want of memory: see `dmesg`";
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
    case SIGFPE:
    case SIGILL:
      return crash_hint(end);
    default:
      return ". Find out what sends it that signal";
  }
}

}  // namespace

LogLevel level_of(const WorkerEnd& end) noexcept {
  if (end.announced || end.told_at_start || end.was == WorkerState::condemned) return LogLevel::info;
  const bool as_told = end.was == WorkerState::stopping && end.exit.signal == 0 && end.exit.status == 0;
  return as_told ? LogLevel::info : LogLevel::warning;
}

std::string describe(const WorkerEnd& end) {
  std::string text = "worker " + std::to_string(end.worker.value);
  if (end.pid != 0) text += " (pid " + std::to_string(end.pid) + ")";
  text += ' ' + core::how_it_ended(end.exit);
  if (end.was == WorkerState::booting && !end.told_at_start) text += " while it started: " + end.boot_error;
  if (end.was == WorkerState::stopping && level_of(end) == LogLevel::warning) text += " while it was to stop";
  text += of_its_calls(end) + what_comes_next(end);
  if (end.was == WorkerState::ready && level_of(end) == LogLevel::warning) text += hint(end);
  return text;
}

}  // namespace clutch::io
