#include "io/lane.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <zmq.hpp>

#include "clutch/protocol/limits.hpp"

namespace clutch::io {
namespace {

constexpr int high_water_mark = 4096;  // a second fence: the window bounds what is under way
constexpr int handshake_ms = 2000;

[[noreturn]] void rethrow(const zmq::error_t& error, const std::string& what) {
  throw std::system_error(error.num() < ZMQ_HAUSNUMERO ? error.num() : EIO, std::generic_category(), what);
}

Bytes bytes_of(std::shared_ptr<zmq::message_t> message) {
  const protocol::Span span{message->data<const std::byte>(), message->size()};
  return Bytes(span, std::move(message));
}

// Handed to libzmq by reference: it drops its copy when the bytes are sent.
zmq::message_t sharing(const Bytes& bytes) {
  const auto drop = [](void*, void* hint) { delete static_cast<Bytes*>(hint); };
  auto kept = std::make_unique<Bytes>(bytes);
  zmq::message_t message(const_cast<std::byte*>(bytes.data()), bytes.size(), drop, kept.get());
  static_cast<void>(kept.release());
  return message;
}

void configure(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::sndhwm, high_water_mark);
  socket.set(zmq::sockopt::rcvhwm, high_water_mark);
  socket.set(zmq::sockopt::handshake_ivl, handshake_ms);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(limits::message_bytes_max));
}

}  // namespace

struct ZmqContext::Native {
  zmq::context_t context{1};
};

ZmqContext::ZmqContext() : native_(std::make_unique<Native>()) {}
ZmqContext::~ZmqContext() = default;

struct Lane::Sockets {
  zmq::socket_t data;
  zmq::socket_t monitor;
};

Lane::Lane(ZmqContext& context, const std::filesystem::path& socket) try : path_(socket) {
  auto& native = context.native_->context;
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

bool Lane::readable() noexcept {
  int events = 0;
  std::size_t size = sizeof events;
  return zmq_getsockopt(sockets_->data.handle(), ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

bool Lane::receive(ReceivedMessage& received) try {
  received.frames.clear();
  auto envelope = std::make_shared<zmq::message_t>();
  if (!sockets_->data.recv(*envelope, zmq::recv_flags::dontwait)) return false;
  bool more = envelope->more();
  received.envelope = bytes_of(std::move(envelope));
  while (more) {
    auto frame = std::make_shared<zmq::message_t>();
    if (!sockets_->data.recv(*frame, zmq::recv_flags::dontwait)) break;  // the parts of a message come together
    more = frame->more();
    received.frames.push_back(bytes_of(std::move(frame)));
  }
  return true;
} catch (const zmq::error_t&) {
  return false;
}

bool Lane::send(protocol::Span envelope, const std::vector<Bytes>& frames) try {
  constexpr auto last = zmq::send_flags::dontwait;
  constexpr auto more = zmq::send_flags::dontwait | zmq::send_flags::sndmore;
  auto& socket = sockets_->data;
  if (!socket.send(zmq::const_buffer(envelope.data(), envelope.size()), frames.empty() ? last : more)) return false;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!socket.send(sharing(frames[i]), i + 1 == frames.size() ? last : more)) return false;
  }
  return true;
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
