// A reply counts only from the incarnation that has the call, and once.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Replies : public PoolTest {
 protected:
  void result_from(std::uint32_t worker, std::uint64_t incarnation, const TestCall& call) {
    pool.core().on_result(WorkerId{worker}, Incarnation{incarnation}, *call.id, Reply{}, pool.now);
    pool.flush();
  }
};

TEST_F(Replies, CarryTheValueAndTheError) {
  pool.ready(1);
  const auto calls = pool.submit("m.f", 2);
  pool.worker(0).runs(calls[0]);
  pool.worker(0).begins(calls[1]);
  pool.worker(0).raises(calls[1]);
  EXPECT_RETURNED(calls[0]);
  EXPECT_ENDED(calls[1], failed, started, "ValueError");
  EXPECT_EQ(pool.error_of(calls[1]).attempts, 1u);
}

TEST_F(Replies, MayComeBeforeAnythingShowsTheCallBegun) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).returns(call);
  EXPECT_RETURNED(call);
  EXPECT_QUIET();
}

TEST_F(Replies, ForASecondTimeAreAViolation) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  pool.worker(0).runs(call);
  pool.worker(0).returns(call);
  EXPECT_NE(pool.worker(0).killed, "");
  EXPECT_EQ(pool.core().counters().delivered, 1u);
}

TEST_F(Replies, FromAnotherWorkerAreAViolation) {
  pool.ready(2);
  const auto call = pool.submit("m.f");
  result_from(1, pool.worker(1).incarnation, call);
  EXPECT_OPEN(call);
  EXPECT_NE(pool.worker(1).killed, "");
  EXPECT_EQ(pool.worker(0).killed, "");
}

TEST_F(Replies, FromAnEarlierIncarnationArePassedOver) {
  pool.ready(1);
  const auto old = pool.worker(0).incarnation;
  const auto call = pool.submit("m.f");
  pool.worker(0).dies();
  pool.worker(0).registers();
  EXPECT_TRUE(pool.worker(0).has(call));
  result_from(0, old, call);
  EXPECT_OPEN(call);
  EXPECT_EQ(pool.worker(0).killed, "");
}

TEST_F(Replies, ForAQueuedCallAreAViolation) {
  pool.ready(1);
  const auto calls = pool.submit("m.f", 2);
  result_from(0, pool.worker(0).incarnation, calls[1]);
  EXPECT_OPEN(calls[1]);
  EXPECT_NE(pool.worker(0).killed, "");
}

TEST_F(Replies, UnderAForgedNameAreAViolation) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  result_from(0, pool.worker(0).incarnation, {.tag = 0, .id = CallId{call.id->value + (std::uint64_t{1} << 32)}});
  EXPECT_OPEN(call);
  EXPECT_NE(pool.worker(0).killed, "");
}

TEST_F(Replies, BeforeRegisterAreAViolation) {
  pool.start(1);
  result_from(0, pool.worker(0).incarnation, {.tag = 0, .id = CallId{0}});
  EXPECT_NE(pool.worker(0).killed, "");
}

TEST_F(Replies, FromAWorkerThatDoesNotExistArePassedOver) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  result_from(99, pool.worker(0).incarnation, call);
  EXPECT_OPEN(call);
}

}  // namespace
}  // namespace clutch::core::test
