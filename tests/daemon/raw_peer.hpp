// A client of the daemon that says what a test wants it to say, right or wrong: bytes on a DEALER.
#pragma once

#include <clutch/protocol/limits.hpp>
#include <clutch/protocol/records.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace clutch::daemon_test {

using Bytes = std::vector<std::byte>;

/// What the daemon sent, read by PROTOCOL.md.
struct Told {
  Bytes envelope;
  std::vector<Bytes> frames;
  protocol::Message message;

  /// The first record of this type, or nullptr.
  [[nodiscard]] const protocol::Record* find(protocol::RecordType type) const;
};

class RawPeer {
 public:
  explicit RawPeer(const std::string& endpoint);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void send(const std::vector<Bytes>& parts);
  void send(protocol::Envelope& envelope, const std::vector<Bytes>& frames = {});
  /// nullptr: nothing came for so long.
  [[nodiscard]] std::unique_ptr<Told> receive(int timeout_ms = 10'000);
  /// The error of the REFUSED that comes next but for other records; nothing where none comes.
  [[nodiscard]] std::optional<Error> refusal(int timeout_ms = 10'000);

  void hello(std::uint64_t window = limits::client_window_bytes);
  /// HELLO, and takes the WELCOME: the daemon's boot id.
  std::uint64_t greet(std::uint64_t window = limits::client_window_bytes);
  /// CALL with these encoded arguments.
  void call(std::uint64_t boot, std::uint64_t number, const std::string& function, const Bytes& arguments);

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

[[nodiscard]] Bytes bytes(protocol::Span span);
[[nodiscard]] Bytes bytes(std::initializer_list<int> values);

}  // namespace clutch::daemon_test
