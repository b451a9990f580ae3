// A session while its link holds: greeting, calls, windows, timers.
#include "session_fixture.hpp"

namespace clutch::detail {
namespace {

using Numbers = std::vector<std::uint64_t>;

TEST_F(SessionTest, GreetsBeforeAnythingElse) {
  session.on_link(now);
  submit(1);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records.count(RecordType::hello), 1u);
  EXPECT_EQ(send(), 0);
  welcome(1 << 20);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::call], Numbers{1});
}

TEST_F(SessionTest, CallsOfOneTurnShareAMessageAndRise) {
  open();
  for (std::uint64_t tag = 1; tag <= 5; ++tag) submit(tag);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::call], (Numbers{1, 2, 3, 4, 5}));
}

TEST_F(SessionTest, AResultEndsItsCallOnce) {
  open();
  const auto number = submit(7);
  send();
  result(number, 42);
  EXPECT_EQ(ended(7), "value");
  result(number, 42);
  EXPECT_EQ(session.ended().size(), 1u);
  EXPECT_EQ(session.state(), ClientSession::State::open);
}

TEST_F(SessionTest, AResultOfACallThatWasNotMadeEndsTheSession) {
  open();
  result(5, 1);
  EXPECT_EQ(session.state(), ClientSession::State::idle);
}

TEST_F(SessionTest, AMessageOfAnotherBootIsNotTaken) {
  open();
  const auto number = submit(1);
  send();
  tell(
      [=](protocol::Envelope& envelope) {
        auto& writer = envelope.record(RecordType::result, 2);
        writer.uint(number);
        writer.nil();
      },
      boot + 1);
  EXPECT_EQ(ended(1), "connection_lost maybe_started");
}

TEST_F(SessionTest, WaitsForTheWindow) {
  open(1);
  submit(1);
  submit(2);
  EXPECT_EQ(send(), 1);  // a window, or one message: both calls are in it
  submit(3);
  EXPECT_EQ(send(), 0);
  number_record(RecordType::window, sent_bytes);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::call], Numbers{3});
}

TEST_F(SessionTest, IsOverloadedAtItsOwnBounds) {
  for (std::uint64_t tag = 1; tag <= 6; ++tag) submit(tag);
  EXPECT_EQ(ended(5), "");
  EXPECT_EQ(ended(6), "overloaded not_started");
}

TEST_F(SessionTest, IsOverloadedInBytesToo) {
  static_cast<void>(session.submit(call(1, 400), now));
  static_cast<void>(session.submit(call(2, 400), now));
  static_cast<void>(session.submit(call(3, 400), now));
  EXPECT_EQ(ended(2), "");
  EXPECT_EQ(ended(3), "overloaded not_started");
}

TEST_F(SessionTest, RefusesWhatTheDaemonWouldNotTake) {
  open();
  static_cast<void>(session.submit(call(1, 501), now));
  EXPECT_EQ(ended(1), "invalid_argument not_started");
}

TEST_F(SessionTest, AcknowledgesRepliesAfterAQuarterOfItsWindow) {
  open();
  const auto number = submit(1);
  send();
  tell([=](protocol::Envelope& envelope) {
    auto& writer = envelope.record(RecordType::result, 2);
    writer.uint(number);
    writer.binary(std::vector<std::byte>(1500));
  });
  EXPECT_EQ(send(), 1);
  ASSERT_EQ(records[RecordType::window].size(), 1u);
  EXPECT_GT(records[RecordType::window][0], 1500u);
  EXPECT_EQ(send(), 0);
}

TEST_F(SessionTest, ACallThatIsCancelledBeforeItIsSentIsNeverSent) {
  open();
  const auto number = submit(1);
  session.cancel(number);
  EXPECT_EQ(ended(1), "cancelled not_started");
  EXPECT_EQ(send(), 0);
}

TEST_F(SessionTest, ACallThatIsCancelledLaterWaitsForItsOutcome) {
  open();
  const auto number = submit(1);
  send();
  session.cancel(number);
  session.cancel(number);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::cancel], Numbers{number});
  EXPECT_EQ(ended(1), "");
  result(number, 1);
  EXPECT_EQ(ended(1), "value");
}

TEST_F(SessionTest, DetachIsToldOfWhatWasSent) {
  open();
  const auto number = submit(1);
  send();
  session.detach(number);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::detach], Numbers{number});
}

TEST_F(SessionTest, AnUnsentCallExpiresAtItsDeadline) {
  auto timed = call(1);
  timed.deadline = now + 1s;
  static_cast<void>(session.submit(std::move(timed), now));
  EXPECT_EQ(session.next_time(), now + 1s);
  session.on_time(now += 999ms);
  EXPECT_EQ(ended(1), "");
  session.on_time(now += 1ms);
  EXPECT_EQ(ended(1), "deadline_exceeded not_started");
}

TEST_F(SessionTest, ASentCallsTimerIsABackstopASecondLater) {
  open();
  auto timed = call(1);
  timed.deadline = now + 300ms;
  const auto number = session.submit(std::move(timed), now).value();
  send();
  session.on_time(now += 1299ms);
  EXPECT_EQ(ended(1), "");
  session.on_time(now += 1ms);
  EXPECT_EQ(ended(1), "deadline_exceeded maybe_started");
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::cancel], Numbers{number});
  result(number, 1);  // too late: nothing
  EXPECT_EQ(session.state(), ClientSession::State::open);
}

TEST_F(SessionTest, TheQueueTimeoutOfASentCallIsTheDaemons) {
  open();
  auto timed = call(1);
  timed.queue_deadline = now + 100ms;
  static_cast<void>(session.submit(std::move(timed), now));
  send();
  session.on_time(now += 150ms);
  EXPECT_EQ(ended(1), "");
}

// Their timers would be there for an hour, each of a call that took no time.
TEST_F(SessionTest, AMillionCallsThatAreOverLeaveNoTimersBehind) {
  constexpr std::uint64_t calls = 1'000'000;
  constexpr std::uint64_t at_once = 4;
  open(std::uint64_t{1} << 50);
  std::size_t most = 0;
  for (std::uint64_t number = 0; number < calls;) {
    for (std::uint64_t i = 1; i <= at_once; ++i) {
      auto timed = call(number + i);
      timed.deadline = now + 1h;
      ASSERT_EQ(session.submit(std::move(timed), now), number + i);
    }
    ASSERT_EQ(send(), 1);
    most = std::max(most, session.timers());
    tell([&](protocol::Envelope& envelope) {
      for (std::uint64_t i = 1; i <= at_once; ++i) {
        auto& writer = envelope.record(RecordType::result, 2);
        writer.uint(number + i);
        writer.integer(1);
      }
    });
    number += at_once;
    ASSERT_EQ(session.ended().size(), at_once);
    session.ended().clear();
  }
  EXPECT_EQ(session.calls(), 0u);
  EXPECT_LE(most, 100u);
  EXPECT_LE(session.timers(), 100u);
}

TEST_F(SessionTest, CallsThatAreOverTakeNoTimerOfAnotherWithThem) {
  open(std::uint64_t{1} << 50);
  auto kept = call(1);
  kept.deadline = now + 10min;
  static_cast<void>(session.submit(std::move(kept), now));
  for (std::uint64_t tag = 2; tag <= 1000; ++tag) {
    auto timed = call(tag);
    timed.deadline = now + 1h;
    const auto number = session.submit(std::move(timed), now).value();
    send();
    result(number, 1);
  }
  EXPECT_EQ(session.next_time(), now + 1s) << "the liveness tick";
  session.on_time(now += 10min + 1s);
  EXPECT_EQ(ended(1), "deadline_exceeded maybe_started");
}

TEST_F(SessionTest, ACommandEndsWithItsAnswerOrTheErrorInIt) {
  open();
  protocol::Writer none;
  none.map(0);
  const auto done = session.command("drain", none.blob(), now);
  const auto failed = session.command("explode", none.blob(), now);
  send();
  EXPECT_EQ(records[RecordType::command], (Numbers{done, failed}));
  tell([=](protocol::Envelope& envelope) {
    auto& answer = envelope.record(RecordType::answer, 2);
    answer.uint(failed);
    answer.map(1);
    answer.string("error");
    Error error;
    error.code = Code::not_found;
    protocol::write(answer, error);
    auto& other = envelope.record(RecordType::answer, 2);
    other.uint(done);
    other.map(0);
  });
  ASSERT_EQ(session.answered().size(), 2u);
  const auto* error = std::get_if<Error>(&session.answered()[0].value);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(error->code, Code::not_found);
  EXPECT_EQ(session.answered()[1].value.index(), 0u);
}

TEST_F(SessionTest, AQueryIsAnswered) {
  open();
  const auto n = session.query("ps", now);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::query], Numbers{n});
  tell([=](protocol::Envelope& envelope) {
    auto& writer = envelope.record(RecordType::answer, 2);
    writer.uint(n);
    writer.map(0);
  });
  ASSERT_EQ(session.answered().size(), 1u);
  EXPECT_EQ(session.answered()[0].value.index(), 0u);
}

}  // namespace
}  // namespace clutch::detail
