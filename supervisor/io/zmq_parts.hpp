// What the transports' .cpp files share of cppzmq. Included by nothing else.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "clutch/bytes.hpp"
#include "clutch/protocol/records.hpp"
#include "io/zmq_context.hpp"

namespace clutch::io {

struct ZmqContext::Native {
  zmq::context_t context{1};
};

inline constexpr int handshake_ms = 2000;

[[nodiscard]] inline Bytes bytes_of(std::shared_ptr<zmq::message_t> message) {
  const protocol::Span span{message->data<const std::byte>(), message->size()};
  return Bytes(span, std::move(message));
}

/// Handed to libzmq by reference: it drops its copy when the bytes are sent.
[[nodiscard]] inline zmq::message_t sharing(const Bytes& bytes) {
  const auto drop = [](void*, void* hint) { delete static_cast<Bytes*>(hint); };
  auto kept = std::make_unique<Bytes>(bytes);
  zmq::message_t message(const_cast<std::byte*>(bytes.data()), bytes.size(), drop, kept.get());
  static_cast<void>(kept.release());
  return message;
}

/// The next message, all its parts, without waiting; false where there is none.
[[nodiscard]] inline bool receive_parts(zmq::socket_t& socket, ReceivedMessage& received) {
  received.frames.clear();
  auto envelope = std::make_shared<zmq::message_t>();
  if (!socket.recv(*envelope, zmq::recv_flags::dontwait)) return false;
  bool more = envelope->more();
  received.envelope = bytes_of(std::move(envelope));
  while (more) {
    auto frame = std::make_shared<zmq::message_t>();
    if (!socket.recv(*frame, zmq::recv_flags::dontwait)) break;  // the parts of a message come together
    more = frame->more();
    received.frames.push_back(bytes_of(std::move(frame)));
  }
  return true;
}

/// False where the socket takes nothing more. Frames are shared with libzmq until they are sent.
[[nodiscard]] inline bool send_parts(zmq::socket_t& socket, protocol::Span envelope, const std::vector<Bytes>& frames) {
  constexpr auto last = zmq::send_flags::dontwait;
  constexpr auto more = zmq::send_flags::dontwait | zmq::send_flags::sndmore;
  if (!socket.send(zmq::const_buffer(envelope.data(), envelope.size()), frames.empty() ? last : more)) return false;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!socket.send(sharing(frames[i]), i + 1 == frames.size() ? last : more)) return false;
  }
  return true;
}

[[nodiscard]] inline bool can_receive(zmq::socket_t& socket) noexcept {
  int events = 0;
  std::size_t size = sizeof events;
  return zmq_getsockopt(socket.handle(), ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

/// A socket that tells of `events` of another, which must outlive it or stop being watched before it goes.
[[nodiscard]] inline zmq::socket_t monitor_of(zmq::context_t& context, zmq::socket_t& watched, const std::string& name,
                                              int events) {
  const auto endpoint = "inproc://" + name;
  if (zmq_socket_monitor(watched.handle(), endpoint.c_str(), events) != 0) throw zmq::error_t();
  zmq::socket_t monitor(context, zmq::socket_type::pair);
  monitor.set(zmq::sockopt::linger, 0);
  monitor.connect(endpoint);
  return monitor;
}

struct SocketEvent {
  std::uint16_t event = 0;  ///< ZMQ_EVENT_…
  std::uint32_t value = 0;  ///< a descriptor, or an errno
};

/// The next event; nullopt where there is none.
[[nodiscard]] inline std::optional<SocketEvent> next_event(zmq::socket_t& monitor) {
  zmq::message_t event;
  if (!monitor.recv(event, zmq::recv_flags::dontwait)) return std::nullopt;
  SocketEvent told;
  if (event.size() >= sizeof told.event + sizeof told.value) {
    std::memcpy(&told.event, event.data<char>(), sizeof told.event);
    std::memcpy(&told.value, event.data<char>() + sizeof told.event, sizeof told.value);
  }
  while (event.more() && monitor.recv(event, zmq::recv_flags::dontwait)) {
  }
  return told;
}

}  // namespace clutch::io
