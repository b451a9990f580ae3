// SIGINT (Ctrl-C) and SIGTERM, taken by a thread of their own, so that what they cause is ordinary code. SIGPIPE does
// not end the program: a write then fails with EPIPE.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace clutch::cli {

class Signals {
 public:
  /// In main, before there is any other thread: those inherit the mask.
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// `handler` runs on the signals' thread with how many there were; until there is one, a signal ends the program at
  /// once. A pool's nursery sees that and ends the workers. With `leave_after` the program ends so long after the first
  /// signal, whatever hangs: a write that nobody reads, a call that does not hear its cancel.
  void handle(std::function<void(int count)> handler, std::optional<std::chrono::milliseconds> leave_after = {});
  /// Back to that; afterwards the handler does not run any more.
  void release() { handle({}); }

  /// Of SIGINT and SIGTERM, 0: none yet.
  [[nodiscard]] int count() const noexcept { return count_.load(); }
  /// 130 for Ctrl-C, 143 for SIGTERM: of the first that came.
  [[nodiscard]] int exit_code() const noexcept;
  /// Readable from the first signal on, for poll().
  [[nodiscard]] int fd() const noexcept { return came_fd_; }
  /// Ends the program now, as by the signal.
  [[noreturn]] void leave() const;

 private:
  void watch();
  void take_signal();
  [[nodiscard]] int patience_ms();

  int signal_fd_;
  int came_fd_;
  int stop_fd_;
  std::atomic<int> count_{0};
  std::atomic<int> first_{0};
  std::mutex mutex_;
  std::function<void(int)> handler_;
  std::optional<std::chrono::milliseconds> leave_after_;
  std::optional<std::chrono::steady_clock::time_point> leave_at_;
  std::thread thread_;
};

}  // namespace clutch::cli
