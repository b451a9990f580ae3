#include "io/gate_client.hpp"

#include <gtest/gtest.h>

namespace clutch::io {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr std::uint64_t boot = 77;

class GateClientTest : public testing::Test {
 protected:
  static core::Outcome blob(std::size_t bytes) {
    Reply reply;
    reply.body = Blob(protocol::Span(std::vector<std::byte>(1, std::byte{0xc4})));
    reply.frames.push_back({Place(), Bytes(std::vector<std::byte>(bytes))});
    return reply;
  }
  /// The messages that go now.
  std::size_t send(GateClient& client) {
    std::size_t count = 0;
    while (client.next_message(boot, message_, now_)) {
      ++count;
      frames_ += message_.frames.size();
      sent_ += message_.counted ? message_.bytes : 0;
    }
    return count;
  }
  GateClient make(std::size_t window) { return {core::SessionId{1}, "client", 1, window}; }

  core::Time now_{1s};
  ClientMessage message_;
  std::size_t frames_ = 0;
  std::size_t sent_ = 0;
};

TEST_F(GateClientTest, RepliesOfOneTurnShareAMessage) {
  auto client = make(64 * mib);
  for (std::uint64_t i = 1; i <= 100; ++i) client.reply(i, Error{});
  EXPECT_EQ(send(client), 1u);
  EXPECT_EQ(message_.envelope.records(), 0u);
  EXPECT_EQ(send(client), 0u);
}

TEST_F(GateClientTest, AMessageCarriesAMebibyteOfFramesOrOneReply) {
  auto client = make(64 * mib);
  for (std::uint64_t i = 1; i <= 8; ++i) client.reply(i, blob(mib / 4));
  client.reply(9, blob(5 * mib));
  EXPECT_EQ(send(client), 3u);
  EXPECT_EQ(frames_, 9u);
}

TEST_F(GateClientTest, NothingGoesBeyondTheWindowUntilItIsOpened) {
  auto client = make(2 * mib);
  for (std::uint64_t i = 1; i <= 10; ++i) client.reply(i, blob(mib));
  EXPECT_EQ(send(client), 2u);  // a window, or one message
  EXPECT_EQ(client.waiting_replies(), 8u);
  const auto so_far = sent_;
  EXPECT_TRUE(client.on_window(so_far / 2, now_));
  EXPECT_EQ(send(client), 1u);
  EXPECT_TRUE(client.on_window(sent_, now_));
  EXPECT_EQ(send(client), 2u);
  EXPECT_FALSE(client.on_window(so_far, now_)) << "less than before";
  EXPECT_FALSE(client.on_window(sent_ + 1, now_)) << "more than was sent";
}

TEST_F(GateClientTest, ControlRecordsGoWhenTheWindowIsUsedUp) {
  auto client = make(1);
  client.reply(1, blob(mib));
  client.reply(2, blob(mib));
  EXPECT_EQ(send(client), 1u);
  client.pong(5);
  EXPECT_EQ(send(client), 1u);
  EXPECT_EQ(client.waiting_replies(), 1u);
}

TEST_F(GateClientTest, WhatWaitsIsBounded) {
  auto client = make(1);
  const auto most = limits::client_replies_bytes_max / mib;
  for (std::uint64_t i = 1; i <= most + 100; ++i) client.reply(i, blob(mib));
  EXPECT_LE(client.waiting_bytes(), limits::client_replies_bytes_max + 100 * 1024);
  EXPECT_GE(client.discarded(), 100u);
  EXPECT_EQ(client.waiting_replies(), most + 100) << "each call has its one outcome";
}

TEST_F(GateClientTest, IsStalledWhileItTakesNothing) {
  auto client = make(1);
  EXPECT_EQ(client.stalled_since(), core::never);
  client.reply(1, blob(mib));
  client.reply(2, blob(mib));
  send(client);
  const auto since = now_;
  now_ += 10s;
  send(client);
  EXPECT_EQ(client.stalled_since(), since);
  EXPECT_TRUE(client.on_window(sent_, now_));
  EXPECT_EQ(client.stalled_since(), now_);
  send(client);
  EXPECT_EQ(client.stalled_since(), core::never);
}

TEST_F(GateClientTest, RequestsHaveAWindowToo) {
  auto client = make(mib);
  EXPECT_TRUE(client.on_request_bytes(limits::client_window_bytes));
  EXPECT_FALSE(client.on_request_bytes(1));
  client.on_queued_bytes(mib);
  EXPECT_EQ(send(client), 1u);  // WINDOW
  EXPECT_TRUE(client.on_request_bytes(1));
}

TEST_F(GateClientTest, WhatIsQueuedAgainIsNotTakenBack) {
  auto client = make(mib);
  EXPECT_TRUE(client.on_request_bytes(10 * mib));
  client.on_queued_bytes(0);
  EXPECT_EQ(send(client), 1u);
  client.on_queued_bytes(5 * mib);  // a worker died
  EXPECT_EQ(send(client), 0u);
}

TEST_F(GateClientTest, NumbersRise) {
  auto client = make(mib);
  EXPECT_FALSE(client.on_call_number(0));
  EXPECT_TRUE(client.on_call_number(5));
  EXPECT_FALSE(client.on_call_number(5));
  EXPECT_FALSE(client.on_call_number(4));
  EXPECT_TRUE(client.on_call_number(6));
}

}  // namespace
}  // namespace clutch::io
