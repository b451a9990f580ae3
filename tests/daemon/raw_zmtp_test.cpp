// Peers that speak ZMTP, or not even that, as no client of ours would.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <zmq.hpp>

#include "support.hpp"
#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

class RawSocket {
 public:
  explicit RawSocket(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~RawSocket() { ::close(fd_); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  /// False: the other end is gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Whether the other end closes the connection, whatever it says before.
  [[nodiscard]] bool is_closed() const {
    char bytes[256];
    pollfd one{fd_, POLLIN, 0};
    while (::poll(&one, 1, 30'000) == 1) {
      if (::recv(fd_, bytes, sizeof bytes, 0) <= 0) return true;
    }
    return false;
  }
  void shake_hands() const {
    std::string greeting("\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16);
    greeting.resize(64, '\0');
    EXPECT_TRUE(send(greeting));
    EXPECT_TRUE(
        send(std::string("\4\x29\5READY\x0b"
                         "Socket-Type\0\0\0\6"
                         "DEALER\x8"
                         "Identity\0\0\0\0",
                         43)));
  }

 private:
  int fd_;
};

TEST(RawPeer, WhoseHandshakeStandsStillIsDisconnected) {
  Daemon daemon;
  const auto client = daemon.connect();
  const RawSocket silent(daemon.endpoint().substr(6));
  const RawSocket halfway(daemon.endpoint().substr(6));
  EXPECT_TRUE(halfway.send({"\xff\0\0\0\0\0\0\0\1\x7f\3", 11}));
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(halfway.is_closed());
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
}

// Neither HWM nor MAXMSGSIZE bounds the frames of a message that never ends: what does is the daemon's memory, here by
// RLIMIT_AS, under systemd by MemoryMax. Where a frame cannot be had, libzmq ends that connection and frees all of it.
TEST(RawPeer, ThatSendsFramesForEverCostsAtMostTheDaemonsMemory) {
  if (std::getenv("CLUTCH_SANITIZED") != nullptr) GTEST_SKIP() << "a sanitizer has more address space than that";
  const Scratch scratch;
  const auto endpoint = "ipc://" + (scratch / "run/s.sock");
  const auto config = scratch.write("c.toml", "listen = \"" + endpoint + "\"\n" + main_pool());
  Process daemon(
      {"/usr/bin/prlimit", "--as=1500000000", "--core=0", test::program_directory() / "clutchd", "-c", config},
      scratch / "log");
  ASSERT_TRUE(daemon.says("ready: listening"));
  const auto client = Client::connect(endpoint).value();
  const RawSocket hostile(endpoint.substr(6));
  hostile.shake_hands();
  const std::string frame = std::string("\3\0\0\0\0\0\x10\0\0", 9) + std::string(1u << 20, 'x');
  std::size_t sent = 0;
  while (sent < 4000 && hostile.send(frame)) ++sent;
  EXPECT_LT(sent, 4000u) << "MiB, and it still takes more";
  EXPECT_GT(sent, 500u) << "it was refused, not borne";
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  EXPECT_TRUE(eventually([&] { return daemon.rss_bytes() < std::size_t{300} << 20; })) << daemon.rss_bytes();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
}

// HANDOVER is off: the newcomer is the one who hears nothing.
TEST(RawPeer, OfAnothersRoutingIdTakesNoneOfItsReplies) {
  Daemon daemon;
  zmq::context_t context(1);
  const auto connect = [&] {
    zmq::socket_t socket(context, zmq::socket_type::dealer);
    socket.set(zmq::sockopt::routing_id, "the-same");
    socket.set(zmq::sockopt::linger, 0);
    socket.connect(daemon.endpoint());
    return socket;
  };
  // HELLO(1, 1, {name, pid, window}) and PING 7 have answers.
  const std::string hello(
      "\x93\1\0\x94\x14\1\1\x83\xa4"
      "name\xa1"
      "x\xa3"
      "pid\1\xa6"
      "window\xce\0\x10\0\0",
      32);
  const auto receive = [](zmq::socket_t& socket, int patience_ms) {
    socket.set(zmq::sockopt::rcvtimeo, patience_ms);
    zmq::message_t message;
    return socket.recv(message) ? message.to_string() : std::string();
  };
  auto first = connect();
  first.send(zmq::buffer(hello));
  EXPECT_FALSE(receive(first, 30'000).empty()) << "WELCOME";
  auto second = connect();
  second.send(zmq::buffer(hello));
  EXPECT_EQ(receive(second, 1000), "");
  first.send(zmq::buffer(hello));  // a second time: refused, and told so
  EXPECT_FALSE(receive(first, 30'000).empty()) << "REFUSED goes to the first";
  EXPECT_EQ(receive(second, 300), "");
}

TEST(StoppedPeer, DoesNotHoldUpTheEndOfTheDaemon) {
  Daemon daemon(main_pool("stop_timeout = \"200ms\"\n"));
  const auto path = daemon.scratch() / "notes";
  Process peer(
      {test::program_directory() / "clutch", "call", "depot.nap_and_note", path, "600", "--connect", daemon.endpoint()},
      daemon.scratch() / "peer");
  ASSERT_TRUE(eventually([&] { return !lines_of(path).empty(); }));
  peer.signal(SIGSTOP);
  daemon.process().signal(SIGTERM);
  EXPECT_EQ(daemon.process().wait(), 0);
}

}  // namespace
}  // namespace clutch::daemon_test
