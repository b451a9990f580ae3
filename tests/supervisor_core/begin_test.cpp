// What the page and BEGUN show, and what a worker may not show.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

using Begin = PoolTest;

TEST_F(Begin, IsAbsoluteSoThatLostRepeatedAndEarlyOnesDoNoHarm) {
  pool.ready(1);
  const auto calls = pool.submit("m.f", 4);
  pool.worker(0).begins(calls[0]);
  pool.worker(0).begins(calls[1]);
  pool.worker(0).says_begun(2, 0);
  pool.worker(0).says_begun(1, 0);
  pool.worker(0).says_begun(0, 0);
  EXPECT_EQ(pool.worker(0).core().lane(Execution::loop).begun, 2u);
  for (const auto& call : {calls[1], calls[0]}) pool.worker(0).returns(call);
  EXPECT_EQ(pool.worker(0).core().lane(Execution::loop).begun, 0u);
}

TEST_F(Begin, BeyondWhatWasSentIsAViolation) {
  pool.ready(1);
  pool.submit("m.f");
  pool.worker(0).says_begun(2, 0);
  EXPECT_NE(pool.worker(0).killed, "");
  EXPECT_EQ(pool.worker(0).state(), WorkerState::condemned);
}

TEST_F(Begin, InTheWrongExecutionIsAViolation) {
  pool.ready(1);
  pool.submit("m.plain");
  pool.worker(0).says_begun(1, 0);
  EXPECT_NE(pool.worker(0).killed, "");
}

TEST_F(Begin, APageBeyondWhatWasSentIsAViolation) {
  pool.ready(1);
  pool.submit("m.f");
  pool.worker(0).page = {7, 0};
  pool.read_pages();
  EXPECT_NE(pool.worker(0).killed, "");
}

// Nothing can be concluded from such a page, least of all that a call had not begun.
TEST_F(Begin, AfterASpoiledPageNothingIsSentAgain) {
  pool.ready(2);
  const auto call = pool.submit("m.f");
  pool.worker(0).page = {~std::uint64_t{0}, 0};
  pool.read_pages();
  pool.worker(0).dies();
  EXPECT_ENDED(call, worker_lost, maybe_started);
  EXPECT_FALSE(pool.worker(1).has(call));
}

TEST_F(Begin, APageThatGoesBackIsPassedOver) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).shows(call);
  pool.read_pages();
  pool.worker(0).page = {};
  pool.read_pages();
  pool.worker(0).dies();
  EXPECT_ENDED(call, worker_lost, maybe_started);
}

TEST_F(Begin, OfAnEarlierIncarnationIsPassedOver) {
  pool.ready(1);
  const auto old = pool.worker(0).incarnation;
  pool.worker(0).dies();
  pool.worker(0).registers();
  const auto call = pool.submit("m.f");
  pool.core().on_begun(WorkerId{0}, Incarnation{old}, 1, 0, pool.now);
  pool.core().on_page(WorkerId{0}, Incarnation{old}, 9, 9, pool.now);
  pool.flush();
  EXPECT_EQ(pool.worker(0).core().lane(Execution::loop).sent, 1u);
  EXPECT_EQ(pool.worker(0).killed, "");
  pool.worker(0).runs(call);
  EXPECT_RETURNED(call);
}

TEST_F(Begin, PassesByCallsThatAreOver) {
  pool.ready(1);
  const auto first = pool.submit("m.f");
  pool.worker(0).returns(first);  // before anything showed it begun
  const auto second = pool.submit("m.f");
  pool.worker(0).begins(second);
  EXPECT_EQ(pool.worker(0).core().lane(Execution::loop).begun, 1u);
  pool.worker(0).returns(second);
  EXPECT_QUIET();
}

}  // namespace
}  // namespace clutch::core::test
