// Options of a pool that cannot be meant.
#include <sched.h>

#include <clutch/codec.hpp>
#include <clutch/value.hpp>
#include <cstdlib>
#include <map>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

TEST(Options, ThatLetNothingRunAreRefusedByName) {
  for (const auto option : {&PoolOptions::workers, &PoolOptions::concurrency, &PoolOptions::threads}) {
    auto options = shop_options();
    options.*option = 0;
    EXPECT_FAILS(Pool::start(options), invalid_argument, setup, not_started);
  }
  auto options = shop_options();
  options.threads = 0;
  EXPECT_EQ(Pool::start(options).error().message, "the pool cannot be started: `threads` of a pool must be at least 1");
}

// Two workers of two CPUs, where this test may use two.
TEST(Options, ReachTheWorker) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE && cpus.size() < 2; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
  }
  auto options = shop_options(2);
  options.library_threads = 3;
  options.uvloop = true;
  for (const auto cpu : cpus) options.cpus.push_back({cpu});
  const auto pool = start(options);
  std::map<std::int64_t, Value> seen;  // by pid
  ASSERT_TRUE(eventually([&] {
    auto one = pool.call<Value>("shop.surroundings");
    auto other = pool.call<Value>("shop.surroundings");
    for (auto* call : {&one, &other}) {
      const auto value = call->get().value();
      seen.emplace(value.find("pid")->to<std::int64_t>().value(), value);
    }
    return seen.size() == 2;
  }));
  for (const auto& worker : pool.workers()) {
    const auto& value = seen.at(worker.pid);
    for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) {
      EXPECT_EQ(*value.find("environment")->find(name), Value("3")) << name;
    }
    EXPECT_EQ(*value.find("cpus"), Value::array({cpus[worker.worker % cpus.size()]}));
    EXPECT_EQ(*value.find("loop"), Value(value.find("has_uvloop")->to<bool>().value() ? "uvloop" : "asyncio"));
  }
}

TEST(Options, LeftOutLeaveTheWorkerAsItIs) {
  const auto value = shared_pool().call<Value>("shop.surroundings").get().value();
  const char* own = std::getenv("OMP_NUM_THREADS");
  EXPECT_EQ(*value.find("environment")->find("OMP_NUM_THREADS"), own == nullptr ? Value() : Value(own));
  EXPECT_EQ(*value.find("loop"), Value("asyncio"));
}

TEST(Options, OfAPoolThatWasMovedFromAreNone) {
  auto pool = start(shop_options());
  const auto moved = std::move(pool);
  EXPECT_EQ(moved.workers().size(), 1u);
  EXPECT_TRUE(pool.workers().empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(pool.nursery_pid(), 0);
  EXPECT_TRUE(pool.functions().functions.empty());
}

}  // namespace
}  // namespace clutch::e2e
