// Peers that break the protocol in every way: each is told, nothing crashes, a well-behaved client notices nothing.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "raw_peer.hpp"
#include "support.hpp"

namespace clutch::daemon_test {
namespace {

using protocol::RecordType;

class Garbage : public testing::Test {
 protected:
  static Daemon& daemon() {
    static Daemon one;
    return one;
  }

  void SetUp() override {
    good_ = std::make_unique<Client>(daemon().connect({.name = "good"}));
    caller_ = std::thread([this] {
      for (int i = 0; !stop_; ++i) {
        const auto result = good_->call<int>("depot.double", i).get();
        (result.ok() && result.value() == 2 * i ? succeeded_ : failed_)++;
      }
    });
  }
  void TearDown() override {
    const int before = succeeded_;
    EXPECT_TRUE(eventually([&] { return succeeded_ > before; }));
    stop_ = true;
    caller_.join();
    EXPECT_EQ(failed_, 0);
  }

  /// The peer is told with these words, and told once.
  static void expect_refused(RawPeer& peer, const std::string& words) {
    const auto refusal = peer.refusal();
    ASSERT_TRUE(refusal);
    EXPECT_NE(refusal->message.find(words), std::string::npos) << refusal->message;
    peer.send({bytes({0xc1})});
    EXPECT_FALSE(peer.refusal(100));
  }
  static void expect_stranger_refused(const std::vector<Bytes>& parts, const std::string& words) {
    RawPeer peer(daemon().endpoint());
    peer.send(parts);
    expect_refused(peer, words);
  }

 private:
  std::unique_ptr<Client> good_;
  std::thread caller_;
  std::atomic<bool> stop_{false};
  std::atomic<int> succeeded_{0};
  std::atomic<int> failed_{0};
};

TEST_F(Garbage, AFirstMessageThatIsNone) {
  expect_stranger_refused({Bytes{}}, "not_an_envelope");
  expect_stranger_refused({bytes({0xc1})}, "not_an_envelope");
  expect_stranger_refused({bytes({0xdd, 0xff, 0xff, 0xff, 0xff})}, "not_an_envelope");
  expect_stranger_refused({bytes({0x92, 0x02, 0x00})}, "wrong_version");
  expect_stranger_refused({bytes({0x93, 0x01, 0x00, 0x91, 0x63})}, "unknown_type");
  expect_stranger_refused({bytes({0x93, 0x01, 0x00, 0x91, 0x02})}, "wrong_lane");
  expect_stranger_refused({bytes({0x93, 0x01, 0x00, 0x91, 0x14})}, "wrong_arity");
  expect_stranger_refused({bytes({0x92, 0x01, 0x00, 0x00})}, "trailing_bytes");
  expect_stranger_refused({bytes({0x92, 0x01, 0x00})}, "first message must be HELLO");
  expect_stranger_refused({bytes({0x92, 0x01, 0x00}), bytes({1, 2, 3})}, "frame_unnamed");
  expect_stranger_refused({Bytes(1u << 20, std::byte{0x91})}, "not_an_envelope");
}

TEST_F(Garbage, AVersionThatItDoesNotSpeak) {
  RawPeer peer(daemon().endpoint());
  protocol::Envelope envelope;
  envelope.begin(0);
  auto& writer = envelope.record(RecordType::hello, 3);
  writer.uint(7);
  writer.uint(9);
  writer.map(3);
  for (const char* key : {"pid", "window"}) {
    writer.string(key);
    writer.uint(1);
  }
  writer.string("name");
  writer.string("newer");
  peer.send(envelope);
  expect_refused(peer, "speaks version 1 of the protocol, the client 7 to 9");
}

TEST_F(Garbage, AHelloWithAKeyThatIsNoneOrMissing) {
  RawPeer peer(daemon().endpoint());
  protocol::Envelope envelope;
  envelope.begin(0);
  auto& writer = envelope.record(RecordType::hello, 3);
  writer.uint(1);
  writer.uint(1);
  writer.map(1);
  writer.string("colour");
  writer.uint(1);
  peer.send(envelope);
  expect_refused(peer, "wrong_field");
}

TEST_F(Garbage, OfAClientThatWasWelcome) {
  const auto refused = [](const std::function<void(RawPeer&, std::uint64_t)>& misbehave, const std::string& words) {
    RawPeer peer(daemon().endpoint());
    misbehave(peer, peer.greet());
    expect_refused(peer, words);
  };
  refused([](RawPeer& peer, std::uint64_t) { peer.hello(); }, "wrong_epoch");
  refused([](RawPeer& peer, std::uint64_t) { peer.send({bytes({0xff, 0x00})}); }, "not_an_envelope");
  refused(
      [](RawPeer& peer, std::uint64_t boot) {
        peer.call(boot + 1, 1, "depot.double", bytes({0x91, 1}));
      },
      "wrong_epoch");
  refused(
      [](RawPeer& peer, std::uint64_t boot) {
        peer.call(boot, 5, "depot.double", bytes({0x91, 1}));
        peer.call(boot, 5, "depot.double", bytes({0x91, 1}));
      },
      "number that does not rise");
  refused(
      [](RawPeer& peer, std::uint64_t boot) {
        protocol::Envelope envelope;
        envelope.begin(boot);
        envelope.record(RecordType::window, 1).uint(1u << 30);
        peer.send(envelope);
      },
      "WINDOW that is not of what was sent");
  refused(
      [](RawPeer& peer, std::uint64_t boot) {
        protocol::Envelope envelope;
        envelope.begin(boot);
        for (std::uint64_t i = 0; i <= limits::client_queries_max; ++i) {
          auto& writer = envelope.record(RecordType::query, 3);
          writer.uint(i);
          writer.string("ping");
          writer.map(0);
        }
        peer.send(envelope);
      },
      "more queries");
}

TEST_F(Garbage, ArgumentsOfOneCallAreThatCallsError) {
  RawPeer peer(daemon().endpoint());
  const auto boot = peer.greet();
  std::uint64_t number = 0;
  const auto error_of = [&](const Bytes& arguments) {
    peer.call(boot, ++number, "depot.echo", arguments);
    const auto told = peer.receive();
    const auto* record = told ? told->find(RecordType::error) : nullptr;
    EXPECT_TRUE(record != nullptr && record->number[0] == number);
    return record != nullptr ? protocol::read_error(record->field[0]) : std::nullopt;
  };
  Bytes deep(100, std::byte{0x91});
  deep.push_back(std::byte{0});
  for (const auto& arguments :
       {Bytes{}, bytes({0xc1}), bytes({0x01}), bytes({0x80}), bytes({0x91}), bytes({0x90, 0x90}), deep,
        bytes({0x91, 0xdd, 0xff, 0xff, 0xff, 0xff}), bytes({0x91, 0xa1, 0xff}),
        bytes({0x91, 0x82, 0x01, 0x02, 0x01, 0x02}), bytes({0x91, 0xd4, 0x05, 0x00})}) {
    const auto error = error_of(arguments);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, Code::invalid_argument) << describe(*error);
    EXPECT_EQ(error->stage, Stage::arguments) << describe(*error);
    EXPECT_EQ(error->certainty, Certainty::not_started) << describe(*error);
  }
  peer.call(boot, ++number, "depot.echo", bytes({0x91, 0x07}));
  const auto told = peer.receive();
  ASSERT_TRUE(told && told->find(RecordType::result) != nullptr);  // the session goes on
}

TEST_F(Garbage, FramesThatBelongNowhereAreThatCallsError) {
  RawPeer peer(daemon().endpoint());
  const auto boot = peer.greet();
  protocol::Envelope envelope;
  envelope.begin(boot);
  auto& writer = envelope.record(RecordType::call, 4);
  writer.uint(1);
  writer.string("depot.echo");
  writer.binary(bytes({0x91, 0x01}));
  writer.map(1);
  writer.string("frames");
  writer.array(1);
  writer.array(2);
  writer.uint(9);  // there is no tenth argument
  writer.uint(1);
  peer.send(envelope, {Bytes(100)});
  const auto told = peer.receive();
  const auto* record = told ? told->find(RecordType::error) : nullptr;
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(protocol::read_error(record->field[0])->code, Code::invalid_argument);
}

TEST_F(Garbage, AnUnknownQueryIsAnswered) {
  const auto client = daemon().connect();
  EXPECT_TRUE(client.query("weather").get().ok());
}

TEST_F(Garbage, ACancelOfACallThatItDoesNotHaveIsPassedOver) {
  RawPeer peer(daemon().endpoint());
  const auto boot = peer.greet();
  protocol::Envelope envelope;
  envelope.begin(boot);
  auto& writer = envelope.record(RecordType::cancel, 3);
  writer.uint(7);
  writer.uint(12'345);
  writer.uint(0);
  peer.send(envelope);
  peer.call(boot, 1, "depot.double", bytes({0x91, 21}));
  bool receipt = false;
  for (;;) {
    const auto told = peer.receive();
    ASSERT_TRUE(told);
    ASSERT_FALSE(told->find(RecordType::refused));
    const auto* given = told->find(RecordType::receipt);
    receipt = receipt || (given != nullptr && given->number[0] == 7);
    if (told->find(RecordType::result)) break;
  }
  EXPECT_TRUE(receipt) << "who wanted one is told that there was nothing to cancel";
}

int connected_to(const std::string& endpoint) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  endpoint.substr(6).copy(address.sun_path, sizeof address.sun_path - 1);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? fd : -1;
}

// By ZMTP 3 (https://rfc.zeromq.org/spec/23): greeting, READY, and the header of a frame of 1 GiB.
TEST_F(Garbage, AMessageBeyondEveryBoundEndsItsConnection) {
  const int fd = connected_to(daemon().endpoint());
  ASSERT_GE(fd, 0);
  std::string greeting(64, '\0');
  greeting[0] = '\xff';
  greeting[9] = '\x7f';
  greeting[10] = 3;
  greeting.replace(12, 4, "NULL");
  const std::string ready(
      "\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06"
      "DEALER",
      30);
  const std::string frame("\x02\0\0\0\0\x40\0\0\0", 9);
  const auto before = daemon().process().rss_bytes();
  const auto sent = greeting + ready + frame + std::string(1 << 20, 'x');
  static_cast<void>(::send(fd, sent.data(), sent.size(), MSG_NOSIGNAL));
  pollfd end{fd, POLLIN, 0};
  std::array<char, 4096> taken;
  ssize_t size = 1;
  while (size > 0) {
    ASSERT_EQ(::poll(&end, 1, 10'000), 1) << "the daemon keeps the connection";
    size = ::recv(fd, taken.data(), taken.size(), 0);
  }
  ::close(fd);
  EXPECT_LT(daemon().process().rss_bytes(), before + (std::size_t{64} << 20));
}

TEST_F(Garbage, BytesThatAreNotEvenZmtp) {
  for (const auto& text : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100'000, '\xff'), std::string()}) {
    const int fd = connected_to(daemon().endpoint());
    ASSERT_GE(fd, 0);
    static_cast<void>(::send(fd, text.data(), text.size(), MSG_NOSIGNAL));
    ::close(fd);
  }
}

std::size_t refusals_logged(const Daemon& daemon) {
  std::size_t refusals = 0;
  for (const auto& line : lines_of(daemon.scratch() / "log-0"))
    refusals += line.find("refused a peer") != std::string::npos;
  return refusals;
}

TEST(GarbageLog, IsLoggedOnceAPeer) {
  Daemon own;
  RawPeer peer(own.endpoint());
  for (int i = 0; i < 5; ++i) peer.send({bytes({0xc1})});
  EXPECT_TRUE(peer.refusal());
  RawPeer after(own.endpoint());
  after.send({bytes({0xc1})});
  EXPECT_TRUE(after.refusal()) << "by now all of the first one's were taken";
  EXPECT_EQ(refusals_logged(own), 2u);
}

TEST(GarbageLog, IsLoggedAtALimitedRate) {
  Daemon own;
  for (int i = 0; i < 30; ++i) {
    RawPeer peer(own.endpoint());
    for (int k = 0; k < 5; ++k) peer.send({bytes({0xc1})});
    EXPECT_TRUE(peer.refusal());
  }
  const auto refusals = refusals_logged(own);
  EXPECT_GE(refusals, 1u);
  EXPECT_LE(refusals, 20u);
}

}  // namespace
}  // namespace clutch::daemon_test
