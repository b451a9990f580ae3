#include "daemon/notify.hpp"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "nursery/owned_fd.hpp"

namespace clutch::daemon {

void notify_service_manager(const std::string& state) noexcept {
  const char* path = ::secure_getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  const std::size_t size = path != nullptr ? std::strlen(path) : 0;
  if (size == 0 || size >= sizeof address.sun_path || (*path != '/' && *path != '@')) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, size);
  if (*path == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const nursery::OwnedFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return;
  ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
           static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
}

}  // namespace clutch::daemon
