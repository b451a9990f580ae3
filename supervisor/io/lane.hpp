// One ZeroMQ lane to one worker: a DEALER bound to a file in the supervisor's own directory, with exactly one peer.
// Messages in and out, never a byte's meaning. Wrapped so that zmq.hpp and its exceptions end in lane.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "clutch/bytes.hpp"
#include "clutch/protocol/payload.hpp"
#include "clutch/protocol/records.hpp"
#include "io/zmq_context.hpp"

namespace clutch::io {

/// Used by one thread at a time, handed over only under one mutex.
class Lane {
 public:
  /// Binds. Throws std::system_error.
  Lane(ZmqContext&, const std::filesystem::path& socket);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Turns readable when receive() is worth calling; edge-triggered: after each wake *and each send*, call receive()
  /// until it gives nothing (reliability 35).
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bool readable() noexcept;
  [[nodiscard]] bool receive(ReceivedMessage&);
  /// False: no peer, or it takes nothing more. `frames` are shared with libzmq until they are sent.
  [[nodiscard]] bool send(protocol::Span envelope, const std::vector<Bytes>& frames = {});
  /// The peer is connected and its file no longer needed: nobody else may connect. The socket is never unbound, since
  /// zmq_unbind drops the accepted peer.
  void close_door() noexcept;
  /// The one peer has gone, and all it had sent can be received now.
  [[nodiscard]] bool peer_gone() noexcept;

 private:
  struct Sockets;
  std::unique_ptr<Sockets> sockets_;
  int fd_ = -1;
  bool peer_gone_ = false;
  std::filesystem::path path_;
};

}  // namespace clutch::io
