#include "io/router.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

#include "clutch/protocol/limits.hpp"
#include "io/zmq_parts.hpp"

namespace clutch::io {
namespace {

constexpr int high_water_mark = 4096;  // a second fence: windows bound what is under way
constexpr int linger_ms = 1000;        // for the last answers

void configure(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::router_mandatory, true);
  socket.set(zmq::sockopt::router_handover, false);  // a second peer of one id must not take the first one's replies
  socket.set(zmq::sockopt::linger, linger_ms);
  socket.set(zmq::sockopt::sndhwm, high_water_mark);
  socket.set(zmq::sockopt::rcvhwm, high_water_mark);
  socket.set(zmq::sockopt::handshake_ivl, handshake_ms);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::message_bytes_max));
}

// The address of an ipc peer ends in ":uid:gid:pid", from SO_PEERCRED.
pid_t pid_of(const zmq::message_t& message) {
  const char* address = zmq_msg_gets(const_cast<zmq::message_t&>(message).handle(), "Peer-Address");
  const char* colon = address != nullptr ? std::strrchr(address, ':') : nullptr;
  pid_t pid = 0;
  if (colon != nullptr) std::from_chars(colon + 1, colon + std::strlen(colon), pid);
  return pid;
}

}  // namespace

struct Router::Sockets {
  zmq::socket_t clients;
  zmq::socket_t monitor;
  zmq::message_t peer;
};

Router::Router(ZmqContext& context, const std::filesystem::path& socket) try {
  auto& native = context.native().context;
  sockets_ = std::make_unique<Sockets>(Sockets{zmq::socket_t(native, zmq::socket_type::router), {}, {}});
  configure(sockets_->clients);
  sockets_->monitor =
      monitor_of(native, sockets_->clients, socket.string() + ".monitor", ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_ACCEPTED);
  sockets_->clients.bind("ipc://" + socket.string());
  fd_ = sockets_->clients.get(zmq::sockopt::fd);
  monitor_fd_ = sockets_->monitor.get(zmq::sockopt::fd);
} catch (const zmq::error_t& error) {
  throw std::system_error(error.num() < ZMQ_HAUSNUMERO ? error.num() : EIO, std::generic_category(),
                          "cannot listen at " + socket.string());
}

Router::~Router() {
  if (sockets_) zmq_socket_monitor(sockets_->clients.handle(), nullptr, 0);
}

bool Router::readable() noexcept { return can_receive(sockets_->clients); }

bool Router::receive(ReceivedMessage& received) try {
  received.frames.clear();
  received.envelope = {};
  if (!sockets_->clients.recv(sockets_->peer, zmq::recv_flags::dontwait)) return false;
  return !sockets_->peer.more() || receive_parts(sockets_->clients, received);
} catch (const zmq::error_t&) {
  return false;
}

std::string_view Router::peer() const noexcept { return sockets_->peer.to_string_view(); }

Router::Origin Router::origin() const {
  Origin origin;
  origin.fd = zmq_msg_get(sockets_->peer.handle(), ZMQ_SRCFD);
  origin.pid = pid_of(sockets_->peer);
  return origin;
}

Router::Sent Router::send(std::string_view peer, protocol::Span envelope, const std::vector<Bytes>& frames) try {
  auto& socket = sockets_->clients;
  if (!socket.send(zmq::const_buffer(peer.data(), peer.size()), zmq::send_flags::dontwait | zmq::send_flags::sndmore)) {
    return Sent::busy;
  }
  // The first part was taken, and with it the rest is.
  static_cast<void>(send_parts(socket, envelope, frames));
  return Sent::yes;
} catch (const zmq::error_t&) {
  return Sent::gone;
}

std::optional<int> Router::next_gone() try {
  while (const auto told = next_event(sockets_->monitor)) {
    if (told->event == ZMQ_EVENT_DISCONNECTED) return static_cast<int>(told->value);
    accepted_ = true;
  }
  return std::nullopt;
} catch (const zmq::error_t&) {
  return std::nullopt;
}

// libzmq owns the descriptor and may have closed it, and accepted another under its number, a moment ago.
void Router::disconnect(const Origin& origin) noexcept {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(origin.fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return;
  if (credentials.pid == origin.pid) ::shutdown(origin.fd, SHUT_RDWR);
}

}  // namespace clutch::io
