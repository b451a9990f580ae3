#include "client_link.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "clutch/protocol/limits.hpp"
#include "io/endpoint.hpp"
#include "io/zmq_parts.hpp"
#include "nursery/owned_fd.hpp"

namespace clutch::detail {
namespace {

constexpr int linger_ms = 1000;  // for a last CANCEL, DETACH, BYE
constexpr int end_events = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

// libzmq does not say why it cannot connect; the kernel does.
void check_listening(const std::filesystem::path& path, const std::string& endpoint) {
  const nursery::OwnedFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  if (!probe || ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  if (errno == ENOENT || errno == ECONNREFUSED) {
    throw std::runtime_error("no daemon listens at " + endpoint +
                             ": start one with `clutchd --config clutch.toml`, or name the endpoint of one that runs");
  }
  throw std::runtime_error("cannot connect to the daemon at " + endpoint + ": " + std::strerror(errno));
}

void configure(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::reconnect_ivl, -1);
  socket.set(zmq::sockopt::linger, linger_ms);
  socket.set(zmq::sockopt::sndhwm, 0);  // the windows bound what is under way
  socket.set(zmq::sockopt::rcvhwm, 0);
  socket.set(zmq::sockopt::handshake_ivl, io::handshake_ms);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::message_bytes_max));
}

}  // namespace

struct ClientLink::Sockets {
  zmq::socket_t data;
  zmq::socket_t monitor;
};

ClientLink::ClientLink(io::ZmqContext& context, const std::string& endpoint) try {
  const auto path = io::socket_path_of(endpoint);
  check_listening(path, endpoint);
  static std::atomic<std::uint64_t> links{0};
  auto& native = context.native().context;
  sockets_ = std::make_unique<Sockets>(Sockets{zmq::socket_t(native, zmq::socket_type::dealer), {}});
  configure(sockets_->data);
  sockets_->monitor =
      io::monitor_of(native, sockets_->data, "clutch-link-" + std::to_string(links.fetch_add(1)), end_events);
  sockets_->data.connect("ipc://" + path.string());
  fd_ = sockets_->data.get(zmq::sockopt::fd);
  monitor_fd_ = sockets_->monitor.get(zmq::sockopt::fd);
} catch (const zmq::error_t& error) {
  throw std::runtime_error("cannot connect to the daemon at " + endpoint + ": " + error.what());
}

ClientLink::~ClientLink() {
  if (sockets_) zmq_socket_monitor(sockets_->data.handle(), nullptr, 0);
}

bool ClientLink::readable() noexcept { return io::can_receive(sockets_->data); }

bool ClientLink::receive(io::ReceivedMessage& received) try {
  return io::receive_parts(sockets_->data, received);
} catch (const zmq::error_t&) {
  return false;
}

bool ClientLink::send(protocol::Span envelope, const std::vector<Bytes>& frames) try {
  return io::send_parts(sockets_->data, envelope, frames);
} catch (const zmq::error_t&) {
  return false;
}

bool ClientLink::lost() try {
  while (io::next_event(sockets_->monitor)) lost_ = true;
  return lost_;
} catch (const zmq::error_t&) {
  return true;
}

}  // namespace clutch::detail
