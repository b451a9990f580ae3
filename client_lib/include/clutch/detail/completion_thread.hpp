// The thread on which an engine's callbacks and coroutines go on: started by the first post(), woken only when idle, in
// the order of posting. Destroying it runs what is left, then joins; destroyed on the thread itself (a callback that
// drops the last owner) it lets the thread finish on its own. A task that throws ends the program, as any thread's
// does.
#pragma once

#include <memory>

namespace clutch::detail {

class CompletionThread {
 public:
  CompletionThread();
  CompletionThread(const CompletionThread&) = delete;
  CompletionThread& operator=(const CompletionThread&) = delete;
  ~CompletionThread();

  /// Any thread. After a fork the child has a thread, and a queue, of its own.
  void post(void (*run)(void*), void* argument);
  /// Whether the caller is this thread.
  [[nodiscard]] bool is_current() const noexcept;

 private:
  class Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace clutch::detail
