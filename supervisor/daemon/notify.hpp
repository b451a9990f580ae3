// Tells the service manager that started the daemon, if one did: sd_notify's datagrams,
// https://www.freedesktop.org/software/systemd/man/sd_notify.html
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace clutch::daemon {

class ServiceManager {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID.
  ServiceManager();

  /// "READY=1", "STOPPING=1", …, a line each; nothing where no manager asked. Never blocks, never fails.
  void tell(const std::string& state) const noexcept;

  /// The manager ends a daemon that does not beat twice in this time; none: it does not watch.
  [[nodiscard]] const std::optional<std::chrono::nanoseconds>& watchdog() const noexcept { return watchdog_; }
  /// Called where every part of the daemon has had its turn: says WATCHDOG=1 where it is time to.
  void beat(Time now) noexcept;
  /// When the next beat is due; Time::max(): never.
  [[nodiscard]] Time next_beat() const noexcept { return next_; }

 private:
  std::string socket_;
  std::optional<std::chrono::nanoseconds> watchdog_;
  Time next_ = Time::max();
};

}  // namespace clutch::daemon
