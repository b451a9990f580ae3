// The daemon's ROUTER: messages from and to clients by their routing ids, and which connections have ended. Messages in
// and out, never a byte's meaning. Wrapped so that zmq.hpp and its exceptions end in router.cpp.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clutch/protocol/records.hpp"
#include "io/zmq_context.hpp"

namespace clutch::io {

/// Loop thread only.
class Router {
 public:
  /// Binds. Throws std::system_error.
  Router(ZmqContext&, const std::filesystem::path& socket);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Each turns readable when there is something to receive; edge-triggered: after each wake *and each send*, receive
  /// until there is nothing (reliability 35).
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] int monitor_fd() const noexcept { return monitor_fd_; }

  [[nodiscard]] bool readable() noexcept;
  /// The next message; whose it is, peer() and origin() tell until the next.
  [[nodiscard]] bool receive(ReceivedMessage&);
  [[nodiscard]] std::string_view peer() const noexcept;
  /// The connection that the message came over, as the kernel knows it.
  struct Origin {
    int fd = -1;
    pid_t pid = 0;
  };
  [[nodiscard]] Origin origin() const;

  enum class Sent : std::uint8_t { yes, busy, gone };
  [[nodiscard]] Sent send(std::string_view peer, protocol::Span envelope, const std::vector<Bytes>& frames = {});

  /// A connection that ended, by its descriptor. What it had sent can be received by then.
  [[nodiscard]] std::optional<int> next_gone();
  /// Whether connections were accepted since this was last asked; next_gone() finds out.
  [[nodiscard]] bool take_accepted() noexcept { return std::exchange(accepted_, false); }
  /// Ends a connection, where it is still that process's. ROUTER has no such call of its own.
  static void disconnect(const Origin&) noexcept;

 private:
  struct Sockets;
  std::unique_ptr<Sockets> sockets_;
  int fd_ = -1;
  int monitor_fd_ = -1;
  bool accepted_ = false;
};

}  // namespace clutch::io
