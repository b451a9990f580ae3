// What is refused at once, and says why.
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Admission : public PoolTest {
 protected:
  // No worker takes anything: all that is submitted waits.
  void shut() {
    pool.ready(1);
    pool.submit("m.f");
  }
};

TEST_F(Admission, RefusesAnUnknownFunctionWithAHint) {
  pool.ready(1);
  EXPECT_ENDED(pool.submit("m.plan"), not_found, not_started, "did you mean `m.plain`?");
  EXPECT_ENDED(pool.submit("os:system"), not_found, not_started);
  EXPECT_QUIET();
}

TEST_F(Admission, RefusesCallsBeyondTheQueuesBound) {
  pool.options.queued_calls_max = 3;
  shut();
  const auto admitted = pool.submit("m.f", 3);
  const auto refused = pool.submit("m.f");
  EXPECT_ENDED(refused, overloaded, not_started, "queue is full");
  EXPECT_TRUE(pool.error_of(refused).retry_after_ms.has_value());
  pool.cancel(admitted[1]);
  EXPECT_OPEN(pool.submit("m.f"));
}

TEST_F(Admission, RefusesBytesBeyondTheQueuesBound) {
  pool.options.queued_bytes_max = 1000;
  shut();
  const auto admitted = pool.submit("m.f", {.bytes = 900});
  EXPECT_ENDED(pool.submit("m.f", {.bytes = 101}), overloaded, not_started);
  EXPECT_OPEN(pool.submit("m.f", {.bytes = 100}));
  pool.cancel(admitted);
  EXPECT_OPEN(pool.submit("m.f", {.bytes = 900}));
}

TEST_F(Admission, CountsParkedCallsAsQueued) {
  pool.options.queued_calls_max = 2;
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.one"));
  pool.submit("m.one", 2);
  EXPECT_ENDED(pool.submit("m.f"), overloaded, not_started);
}

TEST_F(Admission, GivesBytesBackWhenACallIsSentAndTakesThemWhenRequeued) {
  pool.options.queued_bytes_max = 1000;
  pool.ready(1);
  const auto sent = pool.submit("m.f", {.bytes = 1000});
  const auto waits = pool.submit("m.f", {.bytes = 1000});
  pool.cancel(waits);
  pool.worker(0).dies();
  EXPECT_ENDED(pool.submit("m.f", {.bytes = 1}), overloaded, not_started);
  pool.worker(0).registers();
  EXPECT_OPEN(pool.submit("m.f", {.bytes = 1}));
  pool.worker(0).runs(sent);
}

TEST_F(Admission, HandsBackTheAttempt) {
  pool.ready(1);
  Submission submission;
  submission.tag = 5;
  submission.attempt = 3;
  EXPECT_FALSE(pool.core().submit("m.nothing", std::move(submission), pool.now).has_value());
  ASSERT_EQ(pool.core().actions().deliveries.size(), 1u);
  const auto& delivery = pool.core().actions().deliveries[0];
  EXPECT_EQ(delivery.tag, 5u);
  EXPECT_EQ(std::get<Error>(delivery.outcome).attempts, 3u);
}

TEST(Options, ThatLetNothingRunAreRefused) {
  const auto refused = [](PoolCoreOptions options) -> std::string {
    try {
      PoolCore core(options, Time{});
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_EQ(refused({}), "taken");
  EXPECT_EQ(refused({.workers = 0}), "`workers` of a pool must be at least 1");
  EXPECT_EQ(refused({.concurrency = 0}), "`concurrency` of a pool must be at least 1");
  EXPECT_EQ(refused({.threads = 0}), "`threads` of a pool must be at least 1");
}

}  // namespace
}  // namespace clutch::core::test
