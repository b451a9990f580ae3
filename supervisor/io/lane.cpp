#include "io/lane.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "clutch/protocol/limits.hpp"
#include "io/zmq_parts.hpp"

namespace clutch::io {
namespace {

constexpr int high_water_mark = 4096;  // a second fence: the window bounds what is under way

[[noreturn]] void rethrow(const zmq::error_t& error, const std::string& what) {
  throw std::system_error(error.num() < ZMQ_HAUSNUMERO ? error.num() : EIO, std::generic_category(), what);
}

void configure(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::sndhwm, high_water_mark);
  socket.set(zmq::sockopt::rcvhwm, high_water_mark);
  socket.set(zmq::sockopt::handshake_ivl, handshake_ms);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::message_bytes_max));
}

}  // namespace

struct Lane::Sockets {
  zmq::socket_t data;
  zmq::socket_t monitor;
};

Lane::Lane(ZmqContext& context, const std::filesystem::path& socket) try : path_(socket) {
  auto& native = context.native().context;
  sockets_ = std::make_unique<Sockets>(
      Sockets{zmq::socket_t(native, zmq::socket_type::dealer), zmq::socket_t(native, zmq::socket_type::pair)});
  configure(sockets_->data);
  const auto watched = "inproc://" + socket.string() + ".monitor";
  if (zmq_socket_monitor(sockets_->data.handle(), watched.c_str(), ZMQ_EVENT_DISCONNECTED) != 0) throw zmq::error_t();
  sockets_->monitor.set(zmq::sockopt::linger, 0);
  sockets_->monitor.connect(watched);
  sockets_->data.bind("ipc://" + socket.string());
  fd_ = sockets_->data.get(zmq::sockopt::fd);
} catch (const zmq::error_t& error) {
  rethrow(error, "cannot bind " + socket.string());
}

Lane::~Lane() {
  close_door();
  if (sockets_) zmq_socket_monitor(sockets_->data.handle(), nullptr, 0);
}

bool Lane::readable() noexcept { return can_receive(sockets_->data); }

bool Lane::receive(ReceivedMessage& received) try {
  return receive_parts(sockets_->data, received);
} catch (const zmq::error_t&) {
  return false;
}

bool Lane::send(protocol::Span envelope, const std::vector<Bytes>& frames) try {
  return send_parts(sockets_->data, envelope, frames);
} catch (const zmq::error_t&) {
  return false;
}

void Lane::close_door() noexcept {
  if (path_.empty()) return;
  ::unlink(path_.c_str());
  path_.clear();
}

bool Lane::peer_gone() noexcept {
  zmq_msg_t event;
  while (!peer_gone_) {
    zmq_msg_init(&event);
    const bool some = zmq_msg_recv(&event, sockets_->monitor.handle(), ZMQ_DONTWAIT) >= 0;
    zmq_msg_close(&event);
    if (!some) break;
    peer_gone_ = true;  // the one event that is watched for; its second part, the address, is left
  }
  return peer_gone_;
}

}  // namespace clutch::io
