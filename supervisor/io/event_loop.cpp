#include "io/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace clutch::io {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

EventLoop::EventLoop(std::mutex& guard)
    : guard_(guard),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      timer_fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (!epoll_ || !wake_fd_ || !timer_fd_) fail("cannot make an event loop");
  add(wake_fd_.get(), [this] {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(wake_fd_.get(), &count, sizeof count);
  });
  add(timer_fd_.get(), [this] {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(timer_fd_.get(), &count, sizeof count);
    timer_set_ = Clock::time_point::max();
  });
}

void EventLoop::add(int fd, Handler handler) {
  handlers_[fd] = std::make_shared<Handler>(std::move(handler));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) fail("cannot watch a descriptor");
}

void EventLoop::remove(int fd) {
  handlers_.erase(fd);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::wake() noexcept {
  if (!asleep_.exchange(false)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_fd_.get(), &one, sizeof one);
}

// A timer descriptor, because epoll_wait counts in milliseconds. It is set only when it has to ring earlier than it
// would: most deadlines move on before they come, and one early ring costs less than a system call for each.
void EventLoop::arm(Clock::time_point until) {
  if (until >= timer_set_) return;
  const auto at_ns = std::max<std::chrono::nanoseconds>(until.time_since_epoch(), std::chrono::nanoseconds(1)).count();
  itimerspec at{};
  at.it_value.tv_sec = at_ns / 1'000'000'000;
  at.it_value.tv_nsec = at_ns % 1'000'000'000;
  ::timerfd_settime(timer_fd_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
  timer_set_ = until;
}

int EventLoop::wait(const std::function<bool()>& has_work) {
  std::array<epoll_event, events_max> events;
  asleep_.store(true);
  const int count = ::epoll_wait(epoll_.get(), events.data(), events_max, has_work() ? 0 : -1);
  asleep_.store(false);
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  for (int i = 0; i < count; ++i) ready_[static_cast<std::size_t>(i)] = events[static_cast<std::size_t>(i)].data.fd;
  return std::max(count, 0);
}

void EventLoop::turn(const std::function<bool()>& has_work, const std::function<void()>& step) {
  const int count = wait(has_work);
  const std::lock_guard lock(guard_);
  for (int i = 0; i < count; ++i) {
    const auto at = handlers_.find(ready_[static_cast<std::size_t>(i)]);
    if (at == handlers_.end()) continue;  // removed by a handler before it
    const auto handler = at->second;      // it may remove itself
    (*handler)();
  }
  step();
  for (auto& task : std::exchange(posted_, {})) task();
}

}  // namespace clutch::io
