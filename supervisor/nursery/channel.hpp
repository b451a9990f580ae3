// Messages with descriptors over a non-blocking SOCK_SEQPACKET socket, for both of its ends. Knows nothing of their
// meaning.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "owned_fd.hpp"

namespace clutch::nursery {

struct Received {
  std::string bytes;
  std::vector<OwnedFd> fds;  // close-on-exec
  bool fds_lost = false;     // this process had no descriptors left to take them
};

enum class Receipt { message, nothing, closed };

// One message, without waiting. An empty datagram cannot be told from the end and counts as it.
Receipt receive(int socket, Received& received);

// Messages on their way out. Nothing is lost while the socket is full: what does not fit waits here.
class Outbox {
 public:
  // Queues; `flush` sends.
  void post(std::string bytes, std::vector<OwnedFd> fds = {});

  // Sends what the socket takes. False: the peer is gone.
  bool flush(int socket);

  bool empty() const { return queue_.empty(); }

  // The kernel refused for want of memory or because too many descriptors are under way: writability will not tell
  // when to try again, time must.
  bool try_later() const { return try_later_; }

 private:
  struct Entry {
    std::string bytes;
    std::vector<OwnedFd> fds;
  };
  std::deque<Entry> queue_;
  bool try_later_ = false;
};

}  // namespace clutch::nursery
