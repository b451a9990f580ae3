// What becomes of calls when a session's link is lost, refused, silent or closed.
#include "session_fixture.hpp"

namespace clutch::detail {
namespace {

TEST_F(SessionTest, LosingTheLinkIsCertainOfWhatWasNeverSent) {
  open();
  submit(1);
  send();
  submit(2);
  session.on_link_lost("test");
  EXPECT_EQ(ended(1), "connection_lost maybe_started");
  EXPECT_EQ(ended(2), "");
  session.give_up(Error{});
  EXPECT_EQ(ended(2), "unavailable not_started");
}

TEST_F(SessionTest, WhatWasNotSentGoesOverTheNextLink) {
  open();
  session.on_link_lost("test");
  const auto number = submit(1);
  session.on_link(now);
  EXPECT_EQ(send(), 1);
  welcome(1 << 20);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::call], std::vector<std::uint64_t>{number});
}

TEST_F(SessionTest, AfterGivingUpCallsAreUnavailableUntilTheNextLink) {
  session.give_up(Error{});
  submit(1);
  EXPECT_EQ(ended(1), "unavailable not_started");
  session.on_link(now);
  submit(2);
  EXPECT_EQ(ended(2), "");
}

TEST_F(SessionTest, ARefusalOfTheGreetingMakesCallsUnavailableWithItsReason) {
  session.on_link(now);
  submit(1);
  send();
  refuse("another version");
  EXPECT_EQ(ended(1), "unavailable not_started");
  ASSERT_TRUE(session.refusal());
  EXPECT_EQ(session.refusal()->message, "another version");
}

TEST_F(SessionTest, ARefusalLaterLeavesSentCallsUncertain) {
  open();
  submit(1);
  send();
  refuse("a malformed message", Code::invalid_argument);
  EXPECT_EQ(ended(1), "connection_lost maybe_started");
}

// A call that crossed the BYE on its way was not taken (DaemonDrain.UnderLoadNoCallFailsWhereTheDaemonIsReplaced).
TEST_F(SessionTest, ByeFromTheDaemonSaysThatTheRestWasNotExecuted) {
  open();
  submit(1);
  send();
  submit(2);
  tell([](protocol::Envelope& envelope) { static_cast<void>(envelope.record(RecordType::bye, 0)); });
  EXPECT_EQ(ended(1), "unavailable not_started");
  EXPECT_EQ(ended(2), "") << "it goes over the next link";
  EXPECT_EQ(session.state(), ClientSession::State::idle);
}

TEST_F(SessionTest, ASilentDaemonIsAskedAndThenGivenUp) {
  open();
  submit(1);
  send();
  int pings = 0;
  for (int second = 0; second < 5; ++second) {
    session.on_time(now += 1s);
    send();
    pings += static_cast<int>(records[RecordType::ping].size());
  }
  EXPECT_GE(pings, 3);
  EXPECT_EQ(ended(1), "");
  session.on_time(now += 1s);
  EXPECT_EQ(ended(1), "connection_lost maybe_started");
}

TEST_F(SessionTest, AnyWordIsASignOfLife) {
  open();
  submit(1);
  send();
  for (std::uint64_t second = 0; second < 60; ++second) {
    session.on_time(now += 1s);
    send();
    number_record(RecordType::pong, second);
  }
  EXPECT_EQ(ended(1), "");
}

TEST_F(SessionTest, OneLongPauseOfThisProcessIsNoSignOfDeath) {
  open();
  submit(1);
  send();
  session.on_time(now += 3600s);
  EXPECT_EQ(ended(1), "");
}

TEST_F(SessionTest, AnIdleSessionIsNotWatched) {
  open();
  session.on_time(now += 1s);
  EXPECT_EQ(session.next_time(), ClientSession::Time::max());
}

TEST_F(SessionTest, ClosingEndsEverythingAndSaysBye) {
  open();
  submit(1);
  send();
  submit(2);
  static_cast<void>(session.query("ps", now));
  session.close();
  EXPECT_EQ(ended(1), "cancelled maybe_started");
  EXPECT_EQ(ended(2), "cancelled not_started");
  EXPECT_EQ(session.answered().size(), 1u);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records.count(RecordType::bye), 1u);
  EXPECT_EQ(records.count(RecordType::call), 0u);
  EXPECT_EQ(session.state(), ClientSession::State::closed);
  submit(3);
  EXPECT_EQ(ended(3), "unavailable not_started");
}

TEST_F(SessionTest, GarbageFromTheDaemonIsALoss) {
  open();
  submit(1);
  send();
  session.on_message({Bytes(std::string_view("\xc1")), {}}, now);
  EXPECT_EQ(ended(1), "connection_lost maybe_started");
}

}  // namespace
}  // namespace clutch::detail
