// Who is served next where many wait: sessions by turns, priorities by weights, and nobody never.
#include <algorithm>
#include <map>

#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

// One worker that begins one call after another: what is sent next is what the queue gave.
class Fairness : public PoolTest {
 protected:
  // All but the first wait.
  void flood(std::uint32_t session, std::size_t calls, FakePool::Ask ask = {}, std::string_view name = "m.f") {
    ask.session = session;
    for (std::size_t i = 0; i < calls; ++i) {
      const auto call = pool.submit(name, ask);
      session_of_[call.tag] = session;
      calls_[call.tag] = call;
    }
  }
  // The latest that was sent runs; what session had it?
  std::uint32_t serve() {
    const auto tag = pool.worker(0).tags().back();
    pool.now += 2ms;
    pool.worker(0).runs(calls_.at(tag));
    return session_of_.at(tag);
  }
  // How many of the next so many were each session's.
  std::map<std::uint32_t, std::size_t> serve(std::size_t count) {
    std::map<std::uint32_t, std::size_t> served;
    for (std::size_t i = 0; i < count; ++i) ++served[serve()];
    return served;
  }
  void run_all() {
    while (pool.core().calls() != 0) serve();
    EXPECT_QUIET();
  }

  std::map<std::uint64_t, std::uint32_t> session_of_;
  std::map<std::uint64_t, TestCall> calls_;
};

TEST_F(Fairness, AFlooderDoesNotDelayALightClient) {
  pool.ready(1);
  flood(1, 5000);
  flood(2, 1);
  const auto light = pool.submit("m.f", {.session = 2});
  calls_[light.tag] = light;
  session_of_[light.tag] = 2;
  // One is at the worker, and one of the flooder's may be before each of the light client's.
  const auto served = serve(5);
  EXPECT_EQ(served.at(2), 2u);
  EXPECT_RETURNED(light);
  run_all();
}

TEST_F(Fairness, SessionsAreServedByTurns) {
  pool.ready(1);
  flood(1, 300);
  flood(2, 100);
  flood(3, 100);
  for (const auto& [session, calls] : serve(90)) EXPECT_NEAR(static_cast<double>(calls), 30, 1) << session;
  run_all();
}

TEST_F(Fairness, LargeRequestsCostMore) {
  pool.ready(1);
  flood(1, 200, {.bytes = std::size_t{3} << 16});  // of four
  flood(2, 200);
  const auto served = serve(100);
  EXPECT_NEAR(static_cast<double>(served.at(1)), 20, 2);
  EXPECT_NEAR(static_cast<double>(served.at(2)), 80, 2);
}

TEST_F(Fairness, HoldsForWhatWaitsForALimit) {
  pool.ready(1);
  flood(1, 1000, {}, "m.one");
  flood(2, 1, {}, "m.one");
  EXPECT_EQ(serve(3).at(2), 1u);
  run_all();
}

TEST_F(Fairness, LimitsThatAreTogetherAllThereIsDoNotKeepOthersOut) {
  auto functions = usual_functions();
  functions.functions = {function("m.a", FunctionKind::coroutine, 2), function("m.b", FunctionKind::coroutine, 2),
                         function("m.f")};
  pool.options.concurrency = 3;
  pool.ready(1, functions);
  std::vector<TestCall> limited;
  for (int i = 0; i < 40; ++i) limited.push_back(pool.submit(i % 2 == 0 ? "m.a" : "m.b", {.session = 1}));
  for (int i = 0; i < 2; ++i) {
    for (const auto& call : limited) {
      if (pool.worker(0).has(call)) pool.worker(0).begins(call);
    }
  }
  const auto light = pool.submit("m.f", {.session = 2});
  std::size_t ended = 0;
  for (const auto& call : limited) {
    if (pool.worker(0).has(light)) break;
    if (!pool.worker(0).has(call)) continue;
    pool.worker(0).runs(call);
    ++ended;
  }
  EXPECT_LE(ended, 5u) << "limited calls that ended before another could go";
}

TEST_F(Fairness, PrioritiesAreServedByWeightAndNoneStarves) {
  pool.ready(1);
  flood(1, 500, {.priority = Priority::low});
  flood(2, 500, {.priority = Priority::normal});
  flood(3, 500, {.priority = Priority::high});
  serve();
  const auto served = serve(210);
  EXPECT_EQ(served.at(3), 160u);
  EXPECT_EQ(served.at(2), 40u);
  EXPECT_EQ(served.at(1), 10u);
}

TEST_F(Fairness, AHighCallWaitsForFewOthers) {
  pool.ready(1);
  flood(1, 1000);
  flood(1, 1000, {.priority = Priority::low});
  serve(7);
  flood(2, 1, {.priority = Priority::high});
  EXPECT_EQ(serve(2).at(2), 1u);
}

TEST_F(Fairness, OneSessionsCallsOfOnePriorityKeepTheirOrder) {
  pool.ready(1);
  flood(1, 50);
  for (std::uint64_t tag = 1; tag <= 50; ++tag) {
    EXPECT_EQ(pool.worker(0).tags().back(), tag);
    serve();
  }
  EXPECT_QUIET();
}

class ClientBounds : public Fairness {};

TEST_F(ClientBounds, AClientMayHaveItsShareQueuedAndNoMore) {
  pool.options.client_queued_calls_max = 3;
  pool.ready(1);
  flood(1, 4);
  const auto refused = pool.submit("m.f", {.session = 1});
  EXPECT_ENDED(refused, overloaded, not_started, "this client's share");
  EXPECT_TRUE(pool.error_of(refused).retry_after_ms.has_value());
  EXPECT_OPEN(pool.submit("m.f", {.session = 2}));
}

TEST_F(ClientBounds, InBytesToo) {
  pool.options.client_queued_bytes_max = 1000;
  pool.ready(1);
  flood(1, 2, {.bytes = 600});
  EXPECT_ENDED(pool.submit("m.f", {.session = 1, .bytes = 401}), overloaded, not_started, "this client's share");
  EXPECT_OPEN(pool.submit("m.f", {.session = 1, .bytes = 400}));
  EXPECT_OPEN(pool.submit("m.f", {.session = 2, .bytes = 401}));
}

class RetryAfter : public Fairness {
 protected:
  std::uint64_t asked() {
    const auto refused = pool.submit("m.f", {.session = 9});
    return pool.error_of(refused).retry_after_ms.value();
  }
};

TEST_F(RetryAfter, IsWhatTheQueueTakesAtItsPace) {
  pool.options.queued_calls_max = 100;
  pool.ready(1);
  flood(1, 101);
  EXPECT_EQ(asked(), Pace::unknown_ms) << "nothing has ended yet";
  for (int i = 0; i < 1000; ++i) {
    serve();  // one takes 2 ms
    flood(1, 1);
  }
  EXPECT_NEAR(static_cast<double>(asked()), 200, 20);
}

TEST_F(RetryAfter, GrowsWhereNothingEnds) {
  pool.options.queued_calls_max = 100;
  pool.ready(1);
  flood(1, 101);
  for (int i = 0; i < 200; ++i) {
    serve();
    flood(1, 1);
  }
  pool.now += 5s;
  EXPECT_GT(asked(), 1000u);
  pool.now += 24h;
  EXPECT_EQ(asked(), Pace::most_ms);
}

TEST_F(RetryAfter, DoesNotCountTimeInWhichNothingWaited) {
  pool.options.queued_calls_max = 100;
  pool.ready(1);
  flood(1, 101);
  while (pool.core().calls() != 0) serve();
  pool.now += 24h;
  flood(1, 101);
  EXPECT_LT(asked(), 1000u);
}

}  // namespace
}  // namespace clutch::core::test
