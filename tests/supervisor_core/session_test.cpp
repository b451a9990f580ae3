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

TEST_F(Sessions, TellWhetherTheyHaveCallsAndHowManyBytesWait) {
  pool.ready(1);
  EXPECT_FALSE(pool.core().session_has_calls(SessionId{5}));
  const auto sent = pool.submit("m.f", {.session = 5, .bytes = 100});
  const auto queued = pool.submit("m.f", {.session = 5, .bytes = 100});
  EXPECT_TRUE(pool.core().session_has_calls(SessionId{5}));
  EXPECT_EQ(pool.core().session_queued_bytes(SessionId{5}), 100u);
  pool.cancel(queued);
  EXPECT_EQ(pool.core().session_queued_bytes(SessionId{5}), 0u);
  pool.worker(0).dies();
  EXPECT_EQ(pool.core().session_queued_bytes(SessionId{5}), 100u);
  pool.worker(0).registers();
  pool.worker(0).runs(sent);
  EXPECT_FALSE(pool.core().session_has_calls(SessionId{5}));
}

class Paused : public PoolTest {
 protected:
  // Session 1 has one call at the worker and three that wait.
  void pause_one() {
    pool.ready(1);
    for (int i = 0; i < 4; ++i) calls_.push_back(pool.submit("m.f", {.session = 1}));
    pool.pause(1);
  }
  std::vector<TestCall> calls_;
};

TEST_F(Paused, SessionsLetOthersPass) {
  pause_one();
  const auto other = pool.submit("m.f", {.session = 2});
  pool.worker(0).runs(calls_[0]);
  EXPECT_RETURNED(calls_[0]);
  EXPECT_EQ(pool.worker(0).tags().back(), other.tag);
  pool.worker(0).runs(other);
  EXPECT_EQ(pool.worker(0).tags().size(), 2u);
}

TEST_F(Paused, SessionsGoOnInOrder) {
  pause_one();
  pool.worker(0).begins(calls_[0]);
  const auto holds = pool.submit("m.f", {.session = 2});
  const auto later = pool.submit("m.f", {.session = 2});
  pool.pause(1, false);
  pool.worker(0).runs(holds);
  for (const auto& next : {later, calls_[1], calls_[2], calls_[3]}) {
    EXPECT_EQ(pool.worker(0).tags().back(), next.tag);
    pool.worker(0).runs(next);
  }
  pool.worker(0).returns(calls_[0]);
  EXPECT_QUIET();
}

TEST_F(Paused, CallsExpireAndAreCancelled) {
  pause_one();
  pool.worker(0).runs(calls_[0]);
  const auto expires = pool.submit("m.f", {.timeout = 10ms, .session = 1});
  pool.cancel(calls_[1]);
  pool.advance(10ms);
  EXPECT_ENDED(expires, deadline_exceeded, not_started);
  EXPECT_ENDED(calls_[1], cancelled, not_started);
  pool.close_session(1);
  EXPECT_ENDED(calls_[2], cancelled, not_started);
  EXPECT_QUIET();
}

TEST_F(Paused, SessionsDoNotHoldUpADrain) {
  pause_one();
  pool.drain(10s);
  pool.pause(1);  // too late
  for (const auto& call : calls_) pool.worker(0).runs(call);
  EXPECT_TRUE(pool.worker(0).stop_sent);
  EXPECT_QUIET();
}

TEST_F(Paused, SessionsAreAnsweredWhenThePoolFails) {
  pause_one();
  pool.worker(0).dies();
  for (int i = 0; i < 3; ++i) {
    pool.advance(2s);
    pool.worker(0).fails_to_boot();
  }
  for (const auto& call : calls_) EXPECT_ENDED(call, unavailable, not_started);
  EXPECT_QUIET();
}

TEST_F(Sessions, IsForgottenWhenItHasClosed) {
  pool.ready(1);
  for (std::uint32_t session = 1; session <= 100; ++session) {
    pool.worker(0).runs(pool.submit("m.f", {.session = session}));
  }
  EXPECT_EQ(pool.core().sessions(), 101u);
  for (std::uint32_t session = 1; session <= 100; ++session) pool.close_session(session);
  EXPECT_LE(pool.core().sessions(), 1u);
}

TEST_F(Sessions, IsKeptWhileADetachedCallRuns) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.session = 7, .detached = true});
  pool.close_session(7);
  EXPECT_EQ(pool.core().sessions(), 8u);
  pool.worker(0).runs(call);
  EXPECT_RETURNED(call);
  pool.close_session(7);
  EXPECT_EQ(pool.core().sessions(), 0u);
  EXPECT_QUIET();
}

}  // namespace
}  // namespace clutch::core::test
