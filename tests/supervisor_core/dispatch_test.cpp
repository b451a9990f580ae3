// Which worker gets which call, and how many at once.
#include <algorithm>
#include <set>

#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Dispatch : public PoolTest {
 protected:
  // Sent calls begin at once, so that the window opens and never holds anything back.
  void begin_all(std::size_t worker, const std::vector<TestCall>& calls) {
    for (bool more = true; more;) {
      more = false;
      for (const auto& call : calls) {
        if (!pool.worker(worker).has(call) || begun_.contains(call.tag)) continue;
        pool.now += 1us;
        pool.worker(worker).begins(call);
        begun_.insert(call.tag);
        more = true;
      }
    }
  }
  std::set<std::uint64_t> begun_;
};

TEST_F(Dispatch, SendsAtOnceToAnIdleWorker) {
  pool.ready(1);
  const auto call = pool.submit("m.f");
  EXPECT_TRUE(pool.worker(0).has(call));
  EXPECT_EQ(pool.worker(0).received(call).seq, 1u);
  pool.worker(0).runs(call);
  EXPECT_RETURNED(call);
  EXPECT_QUIET();
}

TEST_F(Dispatch, ChoosesTheLeastLoaded) {
  pool.ready(3);
  const auto a = pool.submit("m.f");
  const auto b = pool.submit("m.f");
  const auto c = pool.submit("m.f");
  EXPECT_TRUE(pool.worker(0).has(a) && pool.worker(1).has(b) && pool.worker(2).has(c));
  for (std::size_t i = 0; i < 3; ++i) pool.worker(i).begins(std::array{a, b, c}[i]);
  pool.worker(1).returns(b);
  const auto d = pool.submit("m.f");
  EXPECT_TRUE(pool.worker(1).has(d));
}

TEST_F(Dispatch, CountsThreadsAsLoad) {
  pool.ready(2);
  const auto plain = pool.submit("m.plain");
  EXPECT_TRUE(pool.worker(0).has(plain));
  EXPECT_TRUE(pool.worker(1).has(pool.submit("m.f")));
}

TEST_F(Dispatch, KeepsBackWhatTheWindowDoesNotAdmit) {
  pool.ready(1);
  const auto calls = pool.submit("m.f", 3);
  EXPECT_EQ(pool.worker(0).tags(), (std::vector{calls[0].tag}));
  EXPECT_EQ(pool.core().queued(), 2u);
  pool.worker(0).begins(calls[0]);
  EXPECT_TRUE(pool.worker(0).has(calls[1]));
}

TEST_F(Dispatch, OpensTheWindowToAQuickWorker) {
  pool.ready(1);
  const auto calls = pool.submit("m.f", 600);
  std::size_t most = 0;
  for (const auto& call : calls) {
    pool.now += 1us;
    most = std::max<std::size_t>(most, pool.worker(0).core().lane(Execution::loop).sent);
    pool.worker(0).runs(call);
  }
  EXPECT_EQ(most, limits::window_max);
  EXPECT_QUIET();
}

TEST_F(Dispatch, ClosesTheWindowBehindALongCall) {
  pool.ready(1);
  const auto calls = pool.submit("m.f", 600);
  for (std::size_t i = 0; i < 300; ++i) {
    pool.now += 1us;
    pool.worker(0).runs(calls[i]);
  }
  for (std::size_t i = 300; pool.worker(0).core().lane(Execution::loop).sent > 1; ++i) {
    pool.now += 50ms;
    pool.worker(0).runs(calls[i]);
  }
  EXPECT_GT(pool.core().queued(), 0u);
}

TEST_F(Dispatch, NeverSendsMoreThanConcurrency) {
  pool.options.concurrency = 5;
  pool.ready(1);
  const auto calls = pool.submit("m.f", 10);
  begin_all(0, calls);
  EXPECT_EQ(pool.worker(0).tags().size(), 5u);
  pool.worker(0).returns(calls[2]);
  EXPECT_TRUE(pool.worker(0).has(calls[5]));
  EXPECT_EQ(pool.worker(0).tags().size(), 6u);
}

TEST_F(Dispatch, KeepsOneAheadAtConcurrencyOne) {
  pool.options.concurrency = 1;
  pool.ready(1);
  const auto calls = pool.submit("m.f", 4);
  pool.worker(0).begins(calls[0]);
  EXPECT_EQ(pool.worker(0).tags().size(), 2u);
  pool.worker(0).returns(calls[0]);
  pool.worker(0).begins(calls[1]);
  EXPECT_EQ(pool.worker(0).tags().size(), 3u);
}

TEST_F(Dispatch, NeverSendsMoreThanThePoolsConcurrency) {
  pool.options.pool_concurrency = 3;
  pool.ready(2);
  const auto calls = pool.submit("m.f", 10);
  begin_all(0, calls);
  begin_all(1, calls);
  const auto sent = [&] { return pool.worker(0).tags().size() + pool.worker(1).tags().size(); };
  EXPECT_EQ(sent(), 3u);
  EXPECT_EQ(pool.core().queued(), 7u);
  for (std::size_t i = 0; i < 7; ++i) {
    const auto holder = pool.worker(0).has(calls[i]) ? 0u : 1u;
    pool.worker(holder).returns(calls[i]);
    EXPECT_EQ(sent(), 4 + i) << "one more for each that ended";
    begin_all(0, calls);
    begin_all(1, calls);
  }
  EXPECT_EQ(pool.core().queued(), 0u);
}

TEST_F(Dispatch, GivesThePoolsPlacesToCoroutinesAndThreadsByTurns) {
  pool.options.pool_concurrency = 1;
  pool.ready(1);
  auto calls = pool.submit("m.f", 4);
  const auto threads = pool.submit("m.plain", 4);
  calls.insert(calls.end(), threads.begin(), threads.end());
  std::size_t of_threads = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto tag = pool.worker(0).tags().back();
    const auto at = std::find_if(calls.begin(), calls.end(), [&](const auto& call) { return call.tag == tag; });
    of_threads += at - calls.begin() >= 4 ? 1 : 0;
    pool.worker(0).begins(*at);
    pool.worker(0).returns(*at);
  }
  EXPECT_EQ(of_threads, 2);
}

TEST_F(Dispatch, BoundsThreadsApartFromTheLoop) {
  pool.options.threads = 3;
  pool.options.concurrency = 5;
  pool.ready(1);
  const auto plain = pool.submit("m.plain", 8);
  EXPECT_EQ(pool.worker(0).tags().size(), 3u);
  const auto coroutine = pool.submit("m.f");
  EXPECT_TRUE(pool.worker(0).has(coroutine));
  pool.worker(0).runs(plain[1]);
  EXPECT_TRUE(pool.worker(0).has(plain[3]));
}

TEST_F(Dispatch, NumbersBothExecutionsInOneSequence) {
  pool.ready(1);
  const auto a = pool.submit("m.f");
  const auto b = pool.submit("m.plain");
  EXPECT_EQ(pool.worker(0).received(a).seq, 1u);
  EXPECT_EQ(pool.worker(0).received(b).seq, 2u);
  pool.worker(0).begins(b);
  EXPECT_EQ(pool.core().workers()[0]->lane(Execution::loop).sent, 1u);
  EXPECT_EQ(pool.core().workers()[0]->lane(Execution::thread).begun, 1u);
}

TEST_F(Dispatch, TellsTheWorkersOwnIndexAndTheExpiry) {
  auto other_order = usual_functions();
  std::reverse(other_order.functions.begin(), other_order.functions.end());
  pool.start(2);
  pool.worker(0).registers();
  pool.worker(1).registers(other_order);
  const auto a = pool.submit("m.f", {.timeout = 2s, .queue_timeout = 1s});
  const auto b = pool.submit("m.f", {.timeout = 1s, .queue_timeout = 2s});
  EXPECT_EQ(pool.worker(0).received(a).function, 0u);
  EXPECT_EQ(pool.worker(1).received(b).function, other_order.functions.size() - 1);
  EXPECT_EQ(pool.worker(0).received(a).expires, pool.now + 1s);
  EXPECT_EQ(pool.worker(1).received(b).expires, pool.now + 1s);
}

TEST_F(Dispatch, DropsTheRequestOnceBegun) {
  pool.ready(1);
  const auto calls = pool.submit("m.f", 2);
  EXPECT_EQ(pool.worker(0).received(calls[0]).request_bytes, 1u);
  pool.worker(0).begins(calls[0]);
  EXPECT_FALSE(pool.core().run_of({WorkerId{0}, *calls[0].id}).has_value());
  EXPECT_TRUE(pool.core().run_of({WorkerId{0}, *calls[1].id}).has_value());
}

TEST_F(Dispatch, AwaitsBeginOnlyWhileSomethingIsSentAndNotBegun) {
  pool.ready(1);
  EXPECT_FALSE(pool.core().awaits_begin());
  const auto call = pool.submit("m.f");
  EXPECT_TRUE(pool.core().awaits_begin());
  pool.worker(0).begins(call);
  EXPECT_FALSE(pool.core().awaits_begin());
}

}  // namespace
}  // namespace clutch::core::test
