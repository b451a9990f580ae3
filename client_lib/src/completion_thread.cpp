#include "clutch/detail/completion_thread.hpp"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "fork_guard.hpp"
#include "signals_blocked.hpp"

namespace clutch::detail {
namespace {

struct Job {
  void (*run)(void*);
  void* argument;
};

}  // namespace

class CompletionThread::Queue : public std::enable_shared_from_this<Queue> {
 public:
  void post(Job job) {
    std::unique_lock lock(mutex_);
    jobs_.push_back(job);
    if (!started_) return start();
    if (!idle_) return;
    idle_ = false;
    lock.unlock();
    wake_.notify_one();
  }

  void stop() {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    idle_ = false;
    wake_.notify_one();
    if (!started_) return;
    std::thread thread = std::move(thread_);
    lock.unlock();
    if (thread.get_id() == std::this_thread::get_id()) {
      thread.detach();
    } else {
      thread.join();
    }
  }

  [[nodiscard]] bool is_current() {
    const std::lock_guard lock(mutex_);
    return started_ && id_ == std::this_thread::get_id();
  }

  [[nodiscard]] bool forked() const noexcept { return fork_generation() != made_in_; }

 private:
  void start() {
    const SignalsBlocked blocked;
    started_ = true;
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
    id_ = thread_.get_id();
    pthread_setname_np(thread_.native_handle(), "clutch-complete");
  }

  void run() {
    std::vector<Job> batch;
    std::unique_lock lock(mutex_);
    while (true) {
      while (jobs_.empty()) {
        if (stopping_) return;
        idle_ = true;
        wake_.wait(lock);
      }
      idle_ = false;
      batch.swap(jobs_);
      lock.unlock();
      for (const Job& job : batch) job.run(job.argument);
      batch.clear();
      lock.lock();
    }
  }

  const std::uint64_t made_in_ = fork_generation();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job> jobs_;
  bool idle_ = false;
  bool stopping_ = false;
  bool started_ = false;
  std::thread thread_;
  std::thread::id id_;
};

CompletionThread::CompletionThread() : queue_(std::make_shared<Queue>()) {}

CompletionThread::~CompletionThread() {
  // In a forked child neither the thread nor the state of the lock exists as it looks.
  if (queue_->forked()) {
    static_cast<void>(new std::shared_ptr<Queue>(std::move(queue_)));
  } else {
    queue_->stop();
  }
}

void CompletionThread::post(void (*run)(void*), void* argument) {
  if (queue_->forked()) {
    static_cast<void>(new std::shared_ptr<Queue>(std::exchange(queue_, std::make_shared<Queue>())));
  }
  queue_->post({run, argument});
}

bool CompletionThread::is_current() const noexcept { return queue_->is_current(); }

}  // namespace clutch::detail
