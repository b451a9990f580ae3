#include "daemon/notify.hpp"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>

#include "nursery/owned_fd.hpp"

namespace clutch::daemon {
namespace {

std::optional<std::uint64_t> number_in(const char* name) {
  const char* text = ::secure_getenv(name);
  std::uint64_t number = 0;
  if (text == nullptr) return std::nullopt;
  const char* end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

}  // namespace

ServiceManager::ServiceManager() {
  if (const char* socket = ::secure_getenv("NOTIFY_SOCKET")) socket_ = socket;
  const auto period_us = number_in("WATCHDOG_USEC");
  const auto pid = number_in("WATCHDOG_PID");
  const bool for_us = !pid || *pid == static_cast<std::uint64_t>(::getpid());
  constexpr std::uint64_t period_us_max = 1'000'000'000'000;  // eleven days
  if (socket_.empty() || !for_us || !period_us || *period_us == 0 || *period_us > period_us_max) return;
  watchdog_ = std::chrono::microseconds(*period_us);
  next_ = Time();
}

void ServiceManager::tell(const std::string& state) const noexcept {
  sockaddr_un address{};
  const auto size = socket_.size();
  if (size == 0 || size >= sizeof address.sun_path || (socket_[0] != '/' && socket_[0] != '@')) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), size);
  if (socket_[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const nursery::OwnedFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return;
  ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
}

void ServiceManager::beat(Time now) noexcept {
  if (now < next_) return;
  tell("WATCHDOG=1");
  next_ = now + *watchdog_ / 2;
}

}  // namespace clutch::daemon
