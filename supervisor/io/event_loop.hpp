// One epoll, one thread. Descriptors and their handlers; a wake-up from any thread; nothing of policy.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "nursery/owned_fd.hpp"

namespace clutch::io {

using nursery::OwnedFd;

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Handler = std::function<void()>;

  /// `guard` is held while handlers run, and not while the loop sleeps: other threads may step what the handlers step.
  explicit EventLoop(std::mutex& guard);

  /// Calls the handler when the descriptor is readable, or its peer is gone. Level-triggered. Borrowed until remove().
  void add(int fd, Handler handler);
  void remove(int fd);

  /// Runs the task once at the end of the present turn, under the guard. Loop thread, or under the guard.
  void post(Handler task) { posted_.push_back(std::move(task)); }

  /// Any thread: ends the present or the next sleep. Cheap where the loop is awake.
  void wake() noexcept;

  /// Under the guard: has a sleep end at `until`, at the latest. An earlier time that was asked for stays.
  void arm(Clock::time_point until);

  /// Sleeps until something is ready, wake() was called or an armed time is reached; then runs the handlers and `step`
  /// under the guard. `has_work`, under no lock, says whether there is work already: asked after wake() takes effect
  /// again.
  void turn(const std::function<bool()>& has_work, const std::function<void()>& step);

 private:
  [[nodiscard]] int wait(const std::function<bool()>& has_work);

  static constexpr int events_max = 64;

  std::mutex& guard_;
  OwnedFd epoll_;
  OwnedFd wake_fd_;
  OwnedFd timer_fd_;
  Clock::time_point timer_set_ = Clock::time_point::max();
  std::atomic<bool> asleep_{false};
  std::unordered_map<int, std::shared_ptr<Handler>> handlers_;
  std::array<int, events_max> ready_{};
  std::vector<Handler> posted_;
};

}  // namespace clutch::io
