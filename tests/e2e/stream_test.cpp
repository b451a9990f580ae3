// Streams of a pool of one's own: what same_streams_test.cpp, of both ways of calling, leaves.
#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

PoolOptions feeds_options(std::uint32_t concurrency) {
  auto options = shop_options(1);
  options.modules = {"feeds"};
  options.concurrency = concurrency;
  return options;
}

TEST(Streams, WithoutCreditAreNoneOfAWorkersCalls) {
  const auto pool = start(feeds_options(1));
  auto standing = pool.with({.stream_window_items = 2}).stream<int>("feeds.endless", "standing");
  ASSERT_TRUE(eventually([&] { return pool.workers().at(0).suspended == 1; }));
  EXPECT_EQ(pool.workers().at(0).in_flight, 0u);
  EXPECT_EQ(pool.call<int>("feeds.made_so_far", "standing").get().value(), 2);  // though `concurrency` is 1
  for (int i = 1; i <= 10; ++i) EXPECT_EQ(standing.next().get()->value(), i);
  EXPECT_EQ(to_string(standing.cancel().get().value().what), "unwound");
  EXPECT_TRUE(eventually([&] { return pool.workers().at(0).suspended == 0; }));
}

TEST(Streams, OfAPoolThatEndsAreCancelledAndTheirGeneratorsClosed) {
  Scratch scratch;
  std::optional<Stream<int>> left;
  {
    const auto pool = start(feeds_options(100));
    left.emplace(pool.with({.stream_window_items = 2}).stream<int>("feeds.endless", "left", scratch / "log"));
    EXPECT_TRUE(left->next().get()->ok());
  }
  std::optional<Error> last;
  for (const Result<int>& item : *left) {
    if (!item.ok()) last = item.error();
  }
  ASSERT_TRUE(last);
  EXPECT_EQ(to_string(last->code), "cancelled");
  EXPECT_EQ(scratch.lines("log").size(), 2u);
}

}  // namespace
}  // namespace clutch::e2e
