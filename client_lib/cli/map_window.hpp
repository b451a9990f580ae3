// The lines of a map that were read and are not written yet, in order. One thread pushes, one takes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <variant>

#include "clutch/call.hpp"
#include "clutch/value.hpp"

namespace clutch::cli {

struct PendingLine {
  std::variant<Call<Value>, Error> call;  ///< an Error where the line never became a call
  std::uint64_t bytes = 0;                ///< of the input
};

class MapWindow {
 public:
  explicit MapWindow(std::size_t lines_max) : lines_max_(lines_max) {}

  /// Waits for room; false, without waiting further, once stop() was called.
  [[nodiscard]] bool wait_for_room() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || lines_.size() < lines_max_; });
    return !stopped_;
  }
  void push(PendingLine line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  /// Any thread: no further line is wanted.
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  /// The pushing thread's last word.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  /// Waits, at most so long, for a line; null where there is none. It stays in the window until pop().
  template <class Duration>
  [[nodiscard]] PendingLine* front(Duration at_most) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, at_most, [this] { return closed_ || !lines_.empty(); });
    return lines_.empty() ? nullptr : &lines_.front();
  }
  void pop() {
    const std::lock_guard lock(mutex_);
    lines_.pop_front();
    changed_.notify_all();
  }
  /// Closed, and everything taken.
  [[nodiscard]] bool over() {
    const std::lock_guard lock(mutex_);
    return closed_ && lines_.empty();
  }
  /// The taking thread's: cancels what is under way.
  void cancel_all() {
    const std::lock_guard lock(mutex_);
    for (auto& line : lines_) {
      if (auto* call = std::get_if<Call<Value>>(&line.call)) call->cancel();
    }
  }

 private:
  const std::size_t lines_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PendingLine> lines_;
  bool stopped_ = false;
  bool closed_ = false;
};

}  // namespace clutch::cli
