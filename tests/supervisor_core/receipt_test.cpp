// What whoever cancels is told of the work, in each state a call can be in.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class CancelReceiptTest : public PoolTest {
 protected:
  TestCall begun(std::string_view name = "m.f") {
    pool.ready(1);
    auto call = pool.submit(name);
    pool.worker(0).begins(call);
    return call;
  }
  void expect(std::uint64_t receipt, CancelEnd what, Duration after) {
    ASSERT_TRUE(pool.receipt(receipt).has_value());
    EXPECT_EQ(to_string(pool.receipt(receipt)->what), to_string(what));
    EXPECT_EQ(pool.receipt(receipt)->after, after);
  }
};

TEST_F(CancelReceiptTest, OfAQueuedCall) {
  pool.ready(1);
  const auto calls = pool.submit("m.f", 2);
  pool.cancel(calls[1], 1);
  expect(1, CancelEnd::removed_from_queue, 0ms);
}

TEST_F(CancelReceiptTest, OfASentCallThatIsPassedOver) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.cancel(call, 1);
  EXPECT_FALSE(pool.receipt(1));
  pool.advance(10ms);
  pool.worker(0).passes_over(call, Code::cancelled);
  expect(1, CancelEnd::removed_from_queue, 10ms);
}

TEST_F(CancelReceiptTest, OfACoroutineThatUnwinds) {
  const auto call = begun();
  pool.cancel(call, 1);
  pool.advance(30ms);
  pool.worker(0).raises(call, Code::cancelled);
  expect(1, CancelEnd::unwound, 30ms);
  EXPECT_ENDED(call, cancelled, started);
}

TEST_F(CancelReceiptTest, OfOneThatReturnsAllTheSame) {
  const auto call = begun();
  pool.cancel(call, 1);
  pool.worker(0).returns(call);
  expect(1, CancelEnd::already_finished, 0ms);
  EXPECT_RETURNED(call);
}

TEST_F(CancelReceiptTest, OfOneThatIsOver) {
  const auto call = begun();
  pool.worker(0).returns(call);
  pool.cancel(call, 1);
  expect(1, CancelEnd::already_finished, 0ms);
}

TEST_F(CancelReceiptTest, OfOneThatIgnoresItsCancel) {
  const auto call = begun();
  pool.cancel(call, 1);
  pool.advance(2s);
  expect(1, CancelEnd::ignored, 2s);
  EXPECT_ENDED(call, cancelled, started, "grace");
  pool.worker(0).returns(call);
  EXPECT_QUIET();
}

// The flaw answers its caller, and must not stop the clock of who cancelled it before.
TEST_F(CancelReceiptTest, OfAStreamWhoseFlawedItemsRaceItsCancel) {
  pool.ready(1);
  const auto call = pool.stream();
  pool.worker(0).begins(call);
  pool.cancel(call, 1);
  pool.worker(0).says_flawed_items(call, 1);
  EXPECT_ENDED(call, invalid_argument, started);
  EXPECT_FALSE(pool.receipt(1));
  pool.advance(2s);
  expect(1, CancelEnd::ignored, 2s);
  pool.worker(0).raises(call, Code::cancelled);
  EXPECT_QUIET();
}

TEST_F(CancelReceiptTest, OfAPlainFunctionThatGoesOn) {
  const auto call = begun("m.plain");
  pool.cancel(call, 1);
  EXPECT_ENDED(call, cancelled, maybe_started);
  EXPECT_FALSE(pool.receipt(1));
  pool.advance(2s);
  expect(1, CancelEnd::ignored, 2s);
  pool.worker(0).returns(call);
  EXPECT_QUIET();
}

TEST_F(CancelReceiptTest, OfAPlainFunctionThatSeesItAndStops) {
  const auto call = begun("m.plain");
  pool.cancel(call, 1);
  pool.advance(50ms);
  pool.worker(0).returns(call);
  expect(1, CancelEnd::unwound, 50ms);
  EXPECT_QUIET();
}

TEST_F(CancelReceiptTest, OfOneWhoseWorkerDies) {
  const auto call = begun();
  pool.cancel(call, 1);
  pool.advance(5ms);
  pool.worker(0).dies();
  expect(1, CancelEnd::worker_killed, 5ms);
}

TEST_F(CancelReceiptTest, OfASentOneWhoseWorkerDies) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.cancel(call, 1);
  pool.worker(0).dies();
  expect(1, CancelEnd::removed_from_queue, 0ms);
  EXPECT_ENDED(call, cancelled, not_started);
}

TEST_F(CancelReceiptTest, OfEachWhoCancels) {
  const auto call = begun();
  pool.cancel(call, 1);
  pool.advance(5ms);
  pool.cancel(call, 2);
  pool.advance(5ms);
  pool.worker(0).raises(call, Code::cancelled);
  expect(1, CancelEnd::unwound, 10ms);
  expect(2, CancelEnd::unwound, 5ms);
}

// Its deadline answers it first; the work is looked after until the grace is over.
TEST_F(CancelReceiptTest, OutlivesTheDeadlineOfItsCall) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 100ms});
  pool.worker(0).begins(call);
  pool.cancel(call, 1);
  pool.advance(150ms);
  EXPECT_TRUE(pool.over(call));
  EXPECT_FALSE(pool.receipt(1));
  pool.advance(50ms);
  pool.worker(0).raises(call, Code::cancelled);
  expect(1, CancelEnd::unwound, 200ms);
  EXPECT_QUIET();
}

TEST_F(CancelReceiptTest, OfOneThatItsDeadlineCancelledBefore) {
  pool.ready(1);
  const auto call = pool.submit("m.f", {.timeout = 100ms});
  pool.worker(0).begins(call);
  pool.advance(150ms);
  pool.cancel(call, 1);
  EXPECT_FALSE(pool.receipt(1));
  pool.advance(2s);
  expect(1, CancelEnd::ignored, 2s);
}

TEST_F(CancelReceiptTest, OfAStreamThatIsClosed) {
  pool.ready(1);
  const auto call = pool.stream({1, 100});
  pool.worker(0).yields(call, 1);
  pool.cancel(call, 1);
  pool.advance(7ms);
  pool.worker(0).raises(call, Code::cancelled);
  expect(1, CancelEnd::unwound, 7ms);
  EXPECT_QUIET();
}

TEST_F(CancelReceiptTest, OfAGeneratorInAThreadWaitsForItsStep) {
  pool.ready(1);
  const auto call = pool.stream({10, 100}, "m.steps");
  pool.worker(0).begins(call);
  pool.cancel(call, 1);
  EXPECT_OPEN(call);
  pool.advance(20ms);
  pool.worker(0).raises(call, Code::cancelled);
  EXPECT_ENDED(call, cancelled, started);
  expect(1, CancelEnd::unwound, 20ms);
}

}  // namespace
}  // namespace clutch::core::test
