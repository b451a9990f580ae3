#include "raw_peer.hpp"

#include <clutch/protocol/limits.hpp>
#include <stdexcept>
#include <zmq.hpp>

namespace clutch::daemon_test {

using protocol::RecordType;

struct RawPeer::Native {
  zmq::context_t context{1};
  zmq::socket_t socket{context, zmq::socket_type::dealer};
};

const protocol::Record* Told::find(RecordType type) const {
  for (const auto& record : message.records) {
    if (record.type == type) return &record;
  }
  return nullptr;
}

RawPeer::RawPeer(const std::string& endpoint) : native_(std::make_unique<Native>()) {
  native_->socket.set(zmq::sockopt::linger, 0);
  native_->socket.set(zmq::sockopt::rcvhwm, 0);
  native_->socket.connect(endpoint);
}

RawPeer::~RawPeer() = default;

void RawPeer::send(const std::vector<Bytes>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto flags = i + 1 == parts.size() ? zmq::send_flags::none : zmq::send_flags::sndmore;
    native_->socket.send(zmq::const_buffer(parts[i].data(), parts[i].size()), flags);
  }
}

void RawPeer::send(protocol::Envelope& envelope, const std::vector<Bytes>& frames) {
  std::vector<Bytes> parts = {bytes(envelope.finish())};
  parts.insert(parts.end(), frames.begin(), frames.end());
  send(parts);
}

std::unique_ptr<Told> RawPeer::receive(int timeout_ms) {
  native_->socket.set(zmq::sockopt::rcvtimeo, timeout_ms);
  zmq::message_t part;
  if (!native_->socket.recv(part)) return nullptr;
  auto told = std::make_unique<Told>();
  const auto copy = [&part] { return bytes({part.data<std::byte>(), part.size()}); };
  told->envelope = copy();
  while (part.more()) {
    static_cast<void>(native_->socket.recv(part));
    told->frames.push_back(copy());
  }
  const auto refusal =
      told->message.read(told->envelope, told->frames.size(), protocol::Direction::client_out, std::nullopt);
  if (refusal != protocol::Refusal::none) throw std::runtime_error("the daemon sent what breaks the protocol");
  return told;
}

std::optional<Error> RawPeer::refusal(int timeout_ms) {
  while (const auto told = receive(timeout_ms)) {
    if (const auto* record = told->find(RecordType::refused)) return protocol::read_error(record->field[0]);
  }
  return std::nullopt;
}

void RawPeer::hello(std::uint64_t window) {
  protocol::Envelope envelope;
  envelope.begin(0);
  auto& writer = envelope.record(RecordType::hello, 3);
  writer.uint(1);
  writer.uint(1);
  writer.map(3);
  writer.string("name");
  writer.string("raw");
  writer.string("pid");
  writer.uint(1);
  writer.string("window");
  writer.uint(window);
  send(envelope);
}

std::uint64_t RawPeer::greet(std::uint64_t window) {
  hello(window);
  const auto told = receive();
  const auto* welcome = told ? told->find(RecordType::welcome) : nullptr;
  if (welcome == nullptr) throw std::runtime_error("no WELCOME");
  return welcome->number[1];
}

void RawPeer::call(std::uint64_t boot, std::uint64_t number, const std::string& function, const Bytes& arguments) {
  protocol::Envelope envelope;
  envelope.begin(boot);
  auto& writer = envelope.record(RecordType::call, 3);
  writer.uint(number);
  writer.string(function);
  writer.binary(arguments);
  send(envelope);
}

Bytes bytes(protocol::Span span) { return {span.begin(), span.end()}; }

Bytes bytes(std::initializer_list<int> values) {
  Bytes all;
  for (const int value : values) all.push_back(static_cast<std::byte>(value));
  return all;
}

}  // namespace clutch::daemon_test
