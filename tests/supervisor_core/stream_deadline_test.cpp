// Which clocks run for a stream, and when.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class StreamDeadline : public PoolTest {
 protected:
  TestCall begun(const FakePool::Ask& ask) {
    pool.ready(1);
    auto call = pool.submit("m.items", ask);
    pool.worker(0).begins(call);
    return call;
  }
};

TEST_F(StreamDeadline, AttemptTimeoutIsToTheFirstItem) {
  const auto call = begun({.attempt_timeout = 1s, .stream = StreamCredit{10, 1000}});
  pool.advance(999ms);
  EXPECT_OPEN(call);
  pool.advance(2ms);
  EXPECT_ENDED(call, deadline_exceeded, started, "attempt_timeout expired in `m.items` while item 1 was waited for");
  EXPECT_EQ(pool.error_of(call).items, 0u);
  EXPECT_EQ(pool.worker(0).cancel_of(call), 'd');
}

TEST_F(StreamDeadline, AttemptTimeoutBeginsAnewWithEachItem) {
  const auto call = begun({.attempt_timeout = 1s, .stream = StreamCredit{10, 1000}});
  for (int i = 0; i < 5; ++i) {
    pool.advance(900ms);
    pool.worker(0).yields(call, 1);
  }
  EXPECT_OPEN(call);
  pool.advance(1100ms);
  EXPECT_ENDED(call, deadline_exceeded, started, "while item 6 was waited for");
}

TEST_F(StreamDeadline, AttemptTimeoutStandsStillWithoutCredit) {
  const auto call = begun({.attempt_timeout = 1s, .stream = StreamCredit{1, 1000}});
  pool.worker(0).yields(call, 1);
  pool.advance(1h);
  EXPECT_OPEN(call);
  pool.credit(call, {2, 1000});
  pool.advance(999ms);
  EXPECT_OPEN(call);
  pool.advance(2ms);
  EXPECT_ENDED(call, deadline_exceeded, started, "attempt_timeout");
}

TEST_F(StreamDeadline, AttemptTimeoutDoesNotRunForOneThatBeganWithoutCredit) {
  const auto call = begun({.attempt_timeout = 1s, .stream = StreamCredit{0, 0}});
  pool.advance(1h);
  EXPECT_OPEN(call);
}

TEST_F(StreamDeadline, TimeoutIsForAllOfItWhateverItsCredit) {
  const auto call = begun({.timeout = 3s, .attempt_timeout = 1s, .stream = StreamCredit{2, 1000}});
  pool.advance(900ms);
  pool.worker(0).yields(call, 2);
  pool.advance(2099ms);
  EXPECT_OPEN(call);
  pool.advance(2ms);
  EXPECT_ENDED(call, deadline_exceeded, started, "timeout expired in `m.items`: ");
  EXPECT_EQ(pool.error_of(call).items, 2u);
}

TEST_F(StreamDeadline, ItemsThatComeAfterTheAnswerAreDropped) {
  const auto call = begun({.timeout = 1s, .stream = StreamCredit{10, 1000}});
  pool.advance(2s);
  pool.worker(0).yields(call, 1);
  EXPECT_EQ(pool.items(call), 0u);
  pool.worker(0).raises(call, Code::deadline_exceeded);
  EXPECT_EQ(pool.worker(0).killed, "");
  EXPECT_QUIET();
}

TEST_F(StreamDeadline, ACancelledOneKeepsItsGraceThoughItemsCome) {
  const auto call = begun({.attempt_timeout = 30s, .stream = StreamCredit{10, 1000}});
  pool.cancel(call);
  pool.advance(1s);
  pool.worker(0).yields(call, 1);
  pool.advance(999ms);
  EXPECT_OPEN(call);
  pool.advance(2ms);
  EXPECT_ENDED(call, cancelled, started, "grace");
}

}  // namespace
}  // namespace clutch::core::test
