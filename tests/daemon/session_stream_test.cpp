// A client's session and its streams: items, credit, receipts, and what a daemon may not say of them.
#include "session_fixture.hpp"

namespace clutch::detail {
namespace {

class SessionStream : public SessionTest {
 protected:
  SessionStream() { open(); }

  std::uint64_t stream(std::uint64_t tag, StreamCredit credit = {100, 1000}) {
    auto asked = call(tag);
    asked.stream = credit;
    const auto number = session.submit(std::move(asked), now).value_or(0);
    send();
    return number;
  }
  /// ITEM with `count` nils from `first` on.
  void items(std::uint64_t number, std::uint64_t first, std::size_t count) {
    tell([=](protocol::Envelope& envelope) {
      auto& writer = envelope.record(RecordType::item, 3);
      writer.uint(number);
      writer.uint(first);
      writer.array(count);
      for (std::size_t i = 0; i < count; ++i) writer.nil();
    });
  }
  void end(std::uint64_t number, std::uint64_t items) {
    tell([=](protocol::Envelope& envelope) {
      auto& writer = envelope.record(RecordType::end, 2);
      writer.uint(number);
      writer.uint(items);
    });
  }
  void receipt(std::uint64_t n, CancelEnd what) {
    tell([=](protocol::Envelope& envelope) {
      auto& writer = envelope.record(RecordType::receipt, 2);
      writer.uint(n);
      protocol::write(writer, CancelReceipt{.what = what, .after = 5ms});
    });
  }
  std::uint64_t came(std::uint64_t tag) {
    std::uint64_t sum = 0;
    for (const auto& each : session.items()) {
      if (each.tag == tag) sum += each.items.count;
    }
    return sum;
  }
  const Error& error(std::uint64_t tag) {
    for (auto& each : session.ended()) {
      if (each.tag == tag) return std::get<Error>(each.outcome);
    }
    throw std::logic_error("it has not ended");
  }
  bool idle() { return session.state() == ClientSession::State::idle; }
};

TEST_F(SessionStream, TakesItsItemsAndItsEnd) {
  const auto number = stream(7);
  items(number, 0, 2);
  items(number, 2, 3);
  EXPECT_EQ(came(7), 5u);
  EXPECT_EQ(ended(7), "");
  end(number, 5);
  EXPECT_EQ(ended(7), "value");
  EXPECT_EQ(session.calls(), 0u);
}

TEST_F(SessionStream, SaysItsCreditInAllOnceAMessage) {
  const auto number = stream(7, {2, 10});
  session.credit(number, {4, 10});
  session.credit(number, {6, 30});
  session.credit(number, {5, 20});  // never less
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::credit].size(), 1u);
  items(number, 0, 6);
  EXPECT_EQ(came(7), 6u);
  session.credit(number, {6, 30});
  EXPECT_EQ(send(), 0);  // nothing new
}

TEST_F(SessionStream, SaysCreditThatCameBeforeItWasSentWithTheCall) {
  SessionCall asked = call(7);
  asked.stream = StreamCredit{1, 1};
  const auto number = session.submit(std::move(asked), now).value_or(0);
  session.credit(number, {5, 50});
  EXPECT_EQ(send(), 1);
  EXPECT_TRUE(records[RecordType::credit].empty());
  items(number, 0, 5);
  EXPECT_EQ(came(7), 5u);
}

TEST_F(SessionStream, SaysHowManyItemsCameBeforeAnError) {
  const auto number = stream(7);
  items(number, 0, 3);
  tell([=](protocol::Envelope& envelope) {
    auto& writer = envelope.record(RecordType::error, 2);
    writer.uint(number);
    protocol::write(writer, Error{.code = Code::failed, .stage = Stage::run, .certainty = Certainty::started});
  });
  EXPECT_EQ(ended(7), "failed started");
  EXPECT_EQ(error(7).items, 3u);
}

TEST_F(SessionStream, IsLostWithItsLinkAndHadBegunIfAnItemCame) {
  const auto with = stream(7);
  const auto without = stream(8);
  ASSERT_NE(without, 0u);
  items(with, 0, 3);
  session.on_link_lost("closed");
  EXPECT_EQ(ended(7), "connection_lost started");
  EXPECT_EQ(error(7).items, 3u);
  EXPECT_EQ(ended(8), "connection_lost maybe_started");
  EXPECT_EQ(error(8).items, 0u);
}

TEST_F(SessionStream, OfADaemonThatLeavesOutAnItemIsLost) {
  const auto number = stream(7);
  items(number, 0, 2);
  items(number, 3, 1);
  EXPECT_TRUE(idle());
  EXPECT_EQ(came(7), 2u);
  EXPECT_EQ(ended(7), "connection_lost started");
}

TEST_F(SessionStream, OfADaemonThatGoesBeyondItsCreditIsLost) {
  const auto number = stream(7, {3, 1000});
  items(number, 0, 2);
  items(number, 2, 2);
  EXPECT_TRUE(idle());
  EXPECT_EQ(came(7), 2u);
}

TEST_F(SessionStream, OfADaemonThatEndsItShortIsLost) {
  const auto number = stream(7);
  items(number, 0, 2);
  end(number, 3);
  EXPECT_TRUE(idle());
  EXPECT_EQ(ended(7), "connection_lost started");
}

TEST_F(SessionStream, DoesNotEndAsACallNorACallAsAStream) {
  const auto number = stream(7);
  result(number, 1);
  EXPECT_TRUE(idle());
  open();
  const auto plain = submit(8);
  send();
  items(plain, 0, 1);
  EXPECT_TRUE(idle());
}

TEST_F(SessionStream, ItemsOfOneThatIsOverAreDropped) {
  auto asked = call(7);
  asked.stream = StreamCredit{10, 100};
  asked.deadline = now + 1s;
  const auto number = session.submit(std::move(asked), now).value_or(0);
  send();
  now += 3s;
  session.on_time(now);
  EXPECT_EQ(ended(7), "deadline_exceeded maybe_started");
  items(number, 0, 1);
  end(number, 1);
  EXPECT_FALSE(idle());
  EXPECT_EQ(came(7), 0u);
}

TEST_F(SessionStream, GivesTheReceiptOfItsCancel) {
  const auto number = stream(7);
  session.cancel(number, 3);
  EXPECT_EQ(send(), 1);
  EXPECT_EQ(records[RecordType::cancel], std::vector{number});
  EXPECT_TRUE(session.receipts().empty());
  receipt(3, CancelEnd::unwound);
  ASSERT_EQ(session.receipts().size(), 1u);
  EXPECT_EQ(std::get<CancelReceipt>(session.receipts()[0].what).what, CancelEnd::unwound);
  EXPECT_EQ(std::get<CancelReceipt>(session.receipts()[0].what).after, 5ms);
}

TEST_F(SessionStream, AsksAgainForEachWhoWantsAReceipt) {
  const auto number = stream(7);
  session.cancel(number);
  session.cancel(number, 3);
  session.cancel(number);
  session.cancel(number, 4);
  send();
  EXPECT_EQ(records[RecordType::cancel].size(), 3u);
}

TEST_F(SessionStream, KnowsItselfWhatBecameOfWhatWasNotSentOrIsOver) {
  const auto number = session.submit(call(7), now).value_or(0);
  session.cancel(number, 3);
  session.cancel(number, 4);
  ASSERT_EQ(session.receipts().size(), 2u);
  EXPECT_EQ(std::get<CancelReceipt>(session.receipts()[0].what).what, CancelEnd::removed_from_queue);
  EXPECT_EQ(std::get<CancelReceipt>(session.receipts()[1].what).what, CancelEnd::already_finished);
}

TEST_F(SessionStream, ReceiptsAreLostWithTheLinkAndSaySo) {
  const auto number = stream(7);
  session.cancel(number, 3);
  send();
  session.on_link_lost("closed");
  ASSERT_EQ(session.receipts().size(), 1u);
  EXPECT_EQ(std::get<Error>(session.receipts()[0].what).code, Code::connection_lost);
}

TEST_F(SessionStream, AReceiptThatNobodyAskedForBreaksTheProtocol) {
  receipt(3, CancelEnd::unwound);
  EXPECT_TRUE(idle());
}

TEST_F(SessionStream, ItsItemsUseUpTheWindow) {
  const auto number = stream(7, {100'000, 100'000});
  for (std::uint64_t i = 0; i < 4; ++i) items(number, 300 * i, 300);
  EXPECT_EQ(send(), 1);
  ASSERT_EQ(records[RecordType::window].size(), 1u);
  EXPECT_GE(records[RecordType::window][0], 1200u);
}

}  // namespace
}  // namespace clutch::detail
