#include "channel.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "messages.hpp"

namespace clutch::nursery {
namespace {

constexpr std::size_t control_bytes = CMSG_SPACE(message_fds_max * sizeof(int));

struct alignas(cmsghdr) Control {
  std::array<std::byte, control_bytes> bytes{};
};

void take_fds(msghdr& header, Received& received) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      received.fds.emplace_back(fd);
    }
  }
}

ssize_t send_one(int socket, std::string& bytes, const std::vector<OwnedFd>& fds) {
  Control control;
  iovec part{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    for (std::size_t i = 0; i < fds.size(); ++i) {
      const int fd = fds[i].get();
      std::memcpy(CMSG_DATA(rights) + i * sizeof fd, &fd, sizeof fd);
    }
  }
  ssize_t sent = -1;
  do sent = ::sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent;
}

}  // namespace

Receipt receive(int socket, Received& received) {
  received = {};
  // One byte more than the largest message, so that one that is too long is seen as such.
  received.bytes.resize(message_bytes_max + 1);
  Control control;
  iovec part{received.bytes.data(), received.bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();

  ssize_t size = -1;
  do size = ::recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Receipt::nothing : Receipt::closed;
  if (size == 0) return Receipt::closed;
  received.bytes.resize(static_cast<std::size_t>(size));
  take_fds(header, received);
  received.fds_lost = (header.msg_flags & MSG_CTRUNC) != 0;
  return Receipt::message;
}

void Outbox::post(std::string bytes, std::vector<OwnedFd> fds) { queue_.push_back({std::move(bytes), std::move(fds)}); }

bool Outbox::flush(int socket) {
  try_later_ = false;
  while (!queue_.empty()) {
    if (send_one(socket, queue_.front().bytes, queue_.front().fds) < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
      try_later_ = errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS;
      return try_later_;
    }
    queue_.pop_front();
  }
  return true;
}

}  // namespace clutch::nursery
