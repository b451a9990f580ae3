// Streams: items, credit, suspension, ends, and what a worker may not say of them.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Stream : public PoolTest {
 protected:
  FakeWorker& worker() { return pool.worker(0); }
};

TEST_F(Stream, HandsOnItsItemsAndEnds) {
  pool.ready(1);
  const auto call = pool.stream();
  EXPECT_EQ(worker().credit_of(call), (StreamCredit{100, 1000}));
  worker().begins(call);
  worker().yields(call, 1);
  worker().yields(call, 3);
  EXPECT_EQ(pool.items(call), 4u);
  EXPECT_OPEN(call);
  worker().ends(call);
  EXPECT_RETURNED(call);
  EXPECT_QUIET();
}

TEST_F(Stream, EndsEmpty) {
  pool.ready(1);
  const auto call = pool.stream();
  worker().begins(call);
  worker().ends(call);
  EXPECT_RETURNED(call);
  EXPECT_QUIET();
}

TEST_F(Stream, SaysHowManyItemsCameBeforeAnError) {
  pool.ready(1);
  const auto call = pool.stream();
  worker().begins(call);
  worker().yields(call, 7);
  worker().raises(call);
  EXPECT_ENDED(call, failed, started);
  EXPECT_EQ(pool.error_of(call).items, 7u);
  EXPECT_QUIET();
}

TEST_F(Stream, ThatFailsBeforeItIsSentSaysNone) {
  pool.ready(1);
  const auto call = pool.submit("m.nothing", {.stream = StreamCredit{1, 1}});
  EXPECT_ENDED(call, not_found, not_started);
}

TEST_F(Stream, IsLostWithItsWorkerAndSaysHowManyItemsCame) {
  pool.ready(1);
  const auto call = pool.stream();
  worker().begins(call);
  worker().yields(call, 3);
  worker().dies();
  EXPECT_ENDED(call, worker_lost, started);
  EXPECT_EQ(pool.error_of(call).items, 3u);
  EXPECT_QUIET();
}

TEST_F(Stream, ThatHasNotBegunMovesWithAllItsCredit) {
  pool.ready(2);
  const auto call = pool.stream({1, 10});
  const bool first = pool.worker(0).has(call);
  pool.credit(call, {5, 50});
  pool.worker(first ? 0 : 1).dies();
  auto& other = pool.worker(first ? 1 : 0);
  ASSERT_TRUE(other.has(call));
  EXPECT_EQ(other.received(call).stream, (StreamCredit{5, 50}));
}

// An item may come before the BEGUN that goes with it, on the other lane.
TEST_F(Stream, HasBegunWhereAnItemCame) {
  pool.ready(1);
  const auto before = pool.submit("m.f");
  worker().begins(before);
  const auto call = pool.stream();
  worker().yields(call, 1);
  EXPECT_EQ(worker().core().lane(Execution::loop).begun, 2u);
  worker().dies();
  EXPECT_ENDED(call, worker_lost, started);
}

TEST_F(Stream, IsSuspendedWithoutCreditForItems) {
  pool.options.concurrency = 1;
  pool.ready(1);
  const auto call = pool.stream({2, 1000});
  worker().begins(call);
  worker().yields(call, 2);
  EXPECT_EQ(worker().core().suspended, 1u);
  const auto next = pool.submit("m.f");
  worker().runs(next);  // it does not count
  EXPECT_RETURNED(next);
  pool.credit(call, {3, 1000});
  EXPECT_EQ(worker().core().suspended, 0u);
  EXPECT_EQ(worker().credit_of(call), (StreamCredit{3, 1000}));
  worker().yields(call, 1);
  worker().ends(call);
  EXPECT_RETURNED(call);
  EXPECT_QUIET();
}

TEST_F(Stream, IsSuspendedWithoutCreditForBytes) {
  pool.ready(1);
  const auto call = pool.stream({100, 10});
  worker().begins(call);
  worker().yields(call, 1, 9);
  EXPECT_EQ(worker().core().suspended, 0u);
  worker().yields(call, 1, 500);  // the one that goes beyond
  EXPECT_EQ(worker().core().suspended, 1u);
  pool.credit(call, {100, 509});
  EXPECT_EQ(worker().core().suspended, 1u);  // not more than came
  pool.credit(call, {100, 510});
  EXPECT_EQ(worker().core().suspended, 0u);
}

TEST_F(Stream, MakesRoomInThreadsWhileItIsSuspended) {
  pool.options.threads = 1;
  pool.ready(1);
  const auto call = pool.stream({1, 1000}, "m.steps");
  worker().begins(call);
  worker().yields(call, 1);
  const auto plain = pool.submit("m.plain", 2);
  worker().runs(plain[0]);
  worker().runs(plain[1]);
  pool.credit(call, {2, 1000});
  worker().yields(call, 1);
  worker().ends(call);
  EXPECT_QUIET();
}

TEST_F(Stream, CreditNeverGetsLess) {
  pool.ready(1);
  const auto call = pool.stream({10, 10});
  pool.credit(call, {5, 20});
  EXPECT_EQ(worker().credit_of(call), (StreamCredit{10, 20}));
  pool.credit(call, {20, 10});
  EXPECT_EQ(worker().credit_of(call), (StreamCredit{20, 20}));
}

TEST_F(Stream, CreditOfAnotherCallIsNothing) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.credit(call, {5, 5});
  worker().runs(call);
  pool.credit(call, {6, 6});
  EXPECT_RETURNED(call);
  EXPECT_QUIET();
}

TEST_F(Stream, WaitsWhereAWorkerHasAsManySuspendedAsItMay) {
  pool.options.suspended_streams_max = 10;
  pool.ready(1);
  std::vector<TestCall> streams;
  for (int i = 0; i < 10; ++i) {
    streams.push_back(pool.stream({1, 1000}));
    worker().yields(streams.back(), 1);
  }
  const auto waiting = pool.stream({1, 1000});
  EXPECT_FALSE(worker().has(waiting));
  const auto plain = pool.submit("m.f");
  worker().runs(plain);
  EXPECT_RETURNED(plain);
  pool.credit(streams[5], {2, 1000});
  EXPECT_TRUE(worker().has(waiting));
}

TEST_F(Stream, MayNotGoBeyondItsCredit) {
  pool.ready(1);
  const auto call = pool.stream({3, 1000});
  worker().yields(call, 2);
  worker().yields(call, 2);
  EXPECT_NE(worker().killed, "");
  EXPECT_EQ(pool.items(call), 2u);
}

TEST_F(Stream, MayNotGoOnWithoutCredit) {
  pool.ready(1);
  const auto call = pool.stream({100, 1});
  worker().yields(call, 1, 1);
  worker().yields(call, 1, 1);
  EXPECT_NE(worker().killed, "");
}

TEST_F(Stream, MayNotLeaveOutOrRepeatAnItem) {
  pool.ready(2);
  const auto a = pool.stream();
  const auto b = pool.stream();
  auto& first = pool.worker(pool.worker(0).has(a) ? 0 : 1);
  auto& second = pool.worker(pool.worker(0).has(a) ? 1 : 0);
  first.yields(a, 2);
  first.says_items(a, 3, 1);
  EXPECT_NE(first.killed, "");
  second.yields(b, 2);
  second.says_items(b, 1, 1);
  EXPECT_NE(second.killed, "");
}

TEST_F(Stream, MayNotEndShort) {
  pool.ready(1);
  const auto call = pool.stream();
  worker().yields(call, 2);
  worker().says_end(call, 3);
  EXPECT_NE(worker().killed, "");
  worker().dies();
  EXPECT_ENDED(call, worker_lost, started);
}

TEST_F(Stream, MayNotEndAsACallNorACallAsAStream) {
  pool.ready(2);
  const auto stream = pool.stream();
  const auto call = pool.submit("m.f");
  auto& of_stream = pool.worker(pool.worker(0).has(stream) ? 0 : 1);
  auto& of_call = pool.worker(pool.worker(0).has(stream) ? 1 : 0);
  of_stream.returns(stream);
  EXPECT_NE(of_stream.killed, "");
  of_call.says_items(call, 0, 1);
  EXPECT_NE(of_call.killed, "");
}

TEST_F(Stream, EndsWithTheErrorOfItemsThatAreNoValues) {
  pool.ready(1);
  const auto call = pool.stream();
  worker().begins(call);
  worker().yields(call, 2);
  worker().says_flawed_items(call, 3);
  EXPECT_ENDED(call, invalid_argument, started);
  EXPECT_EQ(pool.error_of(call).items, 2u);
  EXPECT_EQ(pool.items(call), 2u);
  EXPECT_EQ(worker().cancel_of(call), 'c');
  worker().yields(call, 1);  // until its cancel reaches it
  worker().raises(call, Code::cancelled);
  EXPECT_EQ(worker().killed, "");
  EXPECT_QUIET();
}

TEST_F(Stream, IsClosedWithItsSession) {
  pool.ready(1);
  const auto call = pool.stream({1, 1000});
  worker().yields(call, 1);
  pool.close_session(0);
  EXPECT_ENDED(call, cancelled, started);
  EXPECT_EQ(worker().cancel_of(call), 'c');
  worker().raises(call, Code::cancelled);
  EXPECT_QUIET();
}

TEST_F(Stream, EndsOnceWhereItsEndAndACancelCross) {
  pool.ready(1);
  const auto call = pool.stream();
  worker().yields(call, 1);
  pool.cancel(call, 1);
  worker().yields(call, 1);
  worker().ends(call);
  EXPECT_RETURNED(call);
  EXPECT_EQ(pool.items(call), 2u);
  EXPECT_EQ(pool.receipt(1)->what, CancelEnd::already_finished);
  EXPECT_QUIET();
}

}  // namespace
}  // namespace clutch::core::test
