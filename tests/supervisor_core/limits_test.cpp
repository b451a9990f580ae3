// limit(n): per worker and per pool, kept before a call is sent.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

using Limits = PoolTest;

TEST_F(Limits, HoldPerPool) {
  pool.ready(2);
  const auto calls = pool.submit("m.one", 3);
  EXPECT_TRUE(pool.worker(0).has(calls[0]));
  EXPECT_EQ(pool.core().queued(), 2u);
  pool.worker(0).begins(calls[0]);
  EXPECT_EQ(pool.core().queued(), 2u);
  pool.worker(0).returns(calls[0]);
  EXPECT_EQ(pool.core().queued(), 1u);
}

TEST_F(Limits, HoldPerWorker) {
  pool.ready(2);
  const auto calls = pool.submit("m.two", 6);
  for (int i = 0; i < 4; ++i) pool.worker(static_cast<std::size_t>(i) % 2).begins(calls[static_cast<std::size_t>(i)]);
  EXPECT_EQ(pool.worker(0).tags().size(), 2u);
  EXPECT_EQ(pool.worker(1).tags().size(), 2u);
  pool.worker(1).returns(calls[1]);
  EXPECT_TRUE(pool.worker(1).has(calls[4]));
}

TEST_F(Limits, DoNotHoldUpOtherFunctions) {
  pool.ready(1);
  const auto limited = pool.submit("m.one", 3);
  pool.worker(0).begins(limited[0]);
  const auto other = pool.submit("m.f");
  EXPECT_TRUE(pool.worker(0).has(other));
}

TEST_F(Limits, KeepTheOrderOfAFunctionsCalls) {
  pool.ready(1);
  const auto calls = pool.submit("m.one", 5);
  for (const auto& call : calls) {
    EXPECT_EQ(pool.worker(0).tags().back(), call.tag);
    pool.worker(0).runs(call);
  }
  EXPECT_QUIET();
}

TEST_F(Limits, LetTheNextGoAheadOfWhatCameLater) {
  pool.ready(1);
  const auto limited = pool.submit("m.one", 2);
  const auto others = pool.submit("m.f", 3);
  pool.worker(0).begins(limited[0]);  // others[0] takes the window
  pool.worker(0).returns(limited[0]);
  pool.worker(0).begins(others[0]);
  EXPECT_TRUE(pool.worker(0).has(limited[1]));
  EXPECT_FALSE(pool.worker(0).has(others[1]));
}

// Two places came free while the window was shut: the calls that waited for them swapped places.
TEST_F(Limits, KeepTheOrderWherePlacesComeFreeButThereIsNoRoom) {
  pool.ready(1);
  const auto limited = pool.submit("m.two", 4);
  pool.worker(0).begins(limited[0]);
  pool.worker(0).begins(limited[1]);
  const auto other = pool.submit("m.f");  // shuts the window
  pool.worker(0).returns(limited[0]);
  pool.worker(0).returns(limited[1]);
  pool.worker(0).begins(other);
  EXPECT_EQ(pool.worker(0).tags().back(), limited[2].tag);
  pool.worker(0).begins(limited[2]);
  EXPECT_EQ(pool.worker(0).tags().back(), limited[3].tag);
}

// Room at a worker below its limit is used as soon as there is some, not only when a call of that function ends.
TEST_F(Limits, UseAWorkerThatComesLater) {
  pool.start(2);
  pool.worker(0).registers();
  const auto calls = pool.submit("m.two", 4);
  pool.worker(0).begins(calls[0]);
  pool.worker(0).begins(calls[1]);
  EXPECT_EQ(pool.core().queued(), 2u);
  pool.worker(1).registers();
  EXPECT_TRUE(pool.worker(1).has(calls[2]));
  pool.worker(1).begins(calls[2]);
  EXPECT_TRUE(pool.worker(1).has(calls[3]));
}

TEST_F(Limits, GivePlacesBackInEveryEnd) {
  pool.ready(1);
  const auto raised = pool.submit("m.one");
  pool.worker(0).begins(raised);
  pool.worker(0).raises(raised);
  const auto passed_over = pool.submit("m.one");
  pool.worker(0).passes_over(passed_over, Code::cancelled);
  const auto lost = pool.submit("m.one");
  pool.worker(0).begins(lost);
  pool.worker(0).dies();
  pool.worker(0).registers();
  const auto last = pool.submit("m.one");
  pool.worker(0).runs(last);
  EXPECT_RETURNED(last);
  EXPECT_QUIET();
}

TEST_F(Limits, KeepThePlaceOfAnAnsweredCallThatStillRuns) {
  pool.ready(1);
  const auto first = pool.submit("m.one", {.timeout = 10ms});
  const auto second = pool.submit("m.one");
  pool.worker(0).begins(first);
  pool.advance(10ms);
  EXPECT_ENDED(first, deadline_exceeded, started);
  EXPECT_FALSE(pool.worker(0).has(second));
  pool.worker(0).raises(first);
  EXPECT_TRUE(pool.worker(0).has(second));
}

TEST_F(Limits, LetAParkedCallExpireOrBeCancelled) {
  pool.ready(1);
  const auto first = pool.submit("m.one");
  pool.worker(0).begins(first);
  const auto expires = pool.submit("m.one", {.queue_timeout = 10ms});
  const auto cancelled = pool.submit("m.one");
  const auto last = pool.submit("m.one");
  pool.cancel(cancelled);
  pool.advance(10ms);
  EXPECT_ENDED(expires, deadline_exceeded, not_started, "queue_timeout");
  EXPECT_ENDED(cancelled, cancelled, not_started);
  pool.worker(0).returns(first);
  EXPECT_TRUE(pool.worker(0).has(last));
  pool.worker(0).runs(last);
  EXPECT_QUIET();
}

TEST_F(Limits, RequeueAheadOfTheParkedInOldOrder) {
  pool.ready(1);
  auto calls = pool.submit("m.two", 5);
  pool.worker(0).begins(calls[0]);
  pool.worker(0).returns(calls[0]);
  EXPECT_TRUE(pool.worker(0).has(calls[1]));
  pool.worker(0).dies();
  pool.worker(0).registers();
  for (std::size_t i = 1; i < calls.size(); ++i) {
    EXPECT_EQ(pool.worker(0).tags().back(), calls[i].tag);
    pool.worker(0).runs(calls[i]);
  }
  EXPECT_QUIET();
}

}  // namespace
}  // namespace clutch::core::test
