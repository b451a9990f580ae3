// One connection to a daemon: a DEALER that never reconnects, since what was sent to a daemon that died must not reach
// its successor. Messages in and out. Wrapped so that zmq.hpp and its exceptions end in client_link.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clutch/protocol/records.hpp"
#include "io/zmq_context.hpp"

namespace clutch::detail {

/// Used by one thread at a time, handed over only under one mutex.
class ClientLink {
 public:
  /// Throws std::runtime_error, with a sentence that says what to do, where no daemon listens.
  ClientLink(io::ZmqContext&, const std::string& endpoint);
  ~ClientLink();
  ClientLink(const ClientLink&) = delete;
  ClientLink& operator=(const ClientLink&) = delete;

  /// Edge-triggered both: after each wake *and each send*, receive until there is nothing (reliability 35).
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] int monitor_fd() const noexcept { return monitor_fd_; }
  [[nodiscard]] bool readable() noexcept;
  [[nodiscard]] bool receive(io::ReceivedMessage&);
  /// False: the connection is gone.
  [[nodiscard]] bool send(protocol::Span envelope, const std::vector<Bytes>& frames);
  /// The connection has ended; what had come over it can be received by then.
  [[nodiscard]] bool lost();

 private:
  struct Sockets;
  std::unique_ptr<Sockets> sockets_;
  int fd_ = -1;
  int monitor_fd_ = -1;
  bool lost_ = false;
};

}  // namespace clutch::detail
