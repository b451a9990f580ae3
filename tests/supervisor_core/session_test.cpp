// Sessions that end, and calls that outlive them.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

using Sessions = PoolTest;

TEST_F(Sessions, TakeTheirCallsWithThem) {
  pool.ready(1);
  const auto begun = pool.submit("m.f", {.session = 3});
  pool.worker(0).begins(begun);
  const auto sent = pool.submit("m.f", {.session = 3});
  const auto queued = pool.submit("m.f", {.session = 3});
  const auto others = pool.submit("m.f", {.session = 4});
  pool.close_session(3);
  EXPECT_ENDED(begun, cancelled, started);
  EXPECT_ENDED(queued, cancelled, not_started);
  EXPECT_ENDED(sent, cancelled, maybe_started);  // its cancel may come after its beginning
  EXPECT_OPEN(others);
  EXPECT_EQ(pool.worker(0).cancel_of(begun), 'c');
  EXPECT_EQ(pool.worker(0).cancel_of(sent), 'c');
  pool.worker(0).raises(begun);
  pool.worker(0).passes_over(sent, Code::cancelled);
  pool.worker(0).runs(others);
  EXPECT_QUIET();
}

TEST_F(Sessions, LeaveDetachedCallsAlone) {
  pool.ready(1);
  const auto asked = pool.submit("m.f", {.session = 3, .detached = true});
  const auto later = pool.submit("m.f", {.session = 3});
  pool.core().detach(*later.id);
  pool.close_session(3);
  pool.worker(0).runs(asked);
  pool.worker(0).runs(later);
  EXPECT_RETURNED(asked);
  EXPECT_RETURNED(later);
  EXPECT_QUIET();
}

TEST_F(Sessions, EndACallThatWasCancelledBeforeOnce) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.session = 1});
  pool.cancel(call);
  pool.close_session(1);
  EXPECT_ENDED(call, cancelled, maybe_started);
  pool.worker(0).passes_over(call, Code::cancelled);
  EXPECT_QUIET();
}

TEST_F(Sessions, CloseTwiceOrUnknownWithoutHarm) {
  pool.ready(1);
  pool.close_session(7);
  const auto call = pool.submit("m.f", {.session = 1});
  pool.close_session(0);
  pool.close_session(1);
  pool.close_session(1);
  EXPECT_TRUE(pool.over(call));
}

TEST_F(Sessions, CloseWithParkedCalls) {
  pool.ready(1);
  const auto first = pool.submit("m.one", {.session = 1});
  const auto parked = pool.submit("m.one", {.session = 2});
  const auto last = pool.submit("m.one", {.session = 1});
  pool.close_session(2);
  EXPECT_ENDED(parked, cancelled, not_started);
  pool.worker(0).runs(first);
  pool.worker(0).runs(last);
  EXPECT_RETURNED(last);
  EXPECT_QUIET();
}

TEST_F(Sessions, LetADetachedCallOfAClosedSessionExpire) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 10ms, .session = 1, .detached = true});
  pool.close_session(1);
  pool.advance(10ms);
  EXPECT_ENDED(call, deadline_exceeded, not_started);
}

}  // namespace
}  // namespace clutch::core::test
