// Options of a pool that cannot be meant.
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

}  // namespace
}  // namespace clutch::e2e
