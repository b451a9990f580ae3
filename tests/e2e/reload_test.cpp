// New code under load, and code that does not start; spares; what ends are counted as.
#include <signal.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

class Reload : public testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(scratch_ / "versioned.py") << text; }
  [[nodiscard]] PoolOptions options(std::uint32_t workers) {
    auto options = shop_options(workers);
    options.modules = {"versioned"};
    options.path = {scratch_.path()};
    return options;
  }

  Scratch scratch_;
};

// Calls all the while that something is done; how many failed. Pauses leave the CPU to the workers that are to start:
// where it is short, a kernel that groups processes by session may keep them waiting for a minute.
template <class Doing>
int failed_while(const Pool& pool, Doing doing) {
  std::atomic<bool> over{false};
  std::atomic<int> failed{0};
  std::atomic<int> called{0};
  std::thread caller([&] {
    while (!over) {
      std::vector<Call<int>> calls;
      for (int i = 0; i < 16; ++i) calls.push_back(pool.call<int>("versioned.version"));
      for (auto& call : calls) failed += !call.get().ok();
      called += 16;
      std::this_thread::sleep_for(1ms);
    }
  });
  EXPECT_TRUE(eventually([&] { return called > 0; }));
  doing();
  over = true;
  caller.join();
  return failed;
}

TEST_F(Reload, BringsNewCodeUnderLoadWithoutAFailedCall) {
  write("async def version(): return 1\n");
  auto pool = start(options(2));
  const int failed = failed_while(pool, [&] {
    write("async def version():\n    return 2\n");
    const auto reloaded = pool.reload();
    EXPECT_TRUE(reloaded.ok()) << describe(reloaded.error());
    for (int i = 0; i < 20; ++i) EXPECT_VALUE(pool.call<int>("versioned.version").get(), 2);
  });
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(eventually([&] { return pool.ends()["reload"] == 2; }));
}

TEST_F(Reload, OfCodeThatDoesNotStartTellsWhyAndFailsNoCall) {
  write("async def version(): return 1\n");
  auto pool = start(options(2));
  const int failed = failed_while(pool, [&] {
    write("import module_that_is_nowhere  # another size: else the .pyc counts\n");
    const auto reloaded = pool.reload();
    ASSERT_FALSE(reloaded.ok());
    EXPECT_EQ(to_string(reloaded.error().stage), "import");
    EXPECT_NE(describe(reloaded.error()).find("module_that_is_nowhere"), std::string::npos);
    ASSERT_TRUE(reloaded.error().exception);
    EXPECT_NE(reloaded.error().exception->traceback.find("versioned.py"), std::string::npos);
    EXPECT_VALUE(pool.call<int>("versioned.version").get(), 1);
  });
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(pool.ends()["boot"], 1u);
}

TEST(Ends, AreCountedByReason) {
  auto options = shop_options();
  options.restarts_max = 0;
  const auto pool = start(options);
  const auto pid = [&] { return pool.call<int>("shop.pid").get().value(); };
  ::kill(pid(), SIGTERM);
  EXPECT_TRUE(eventually([&] { return pool.ends()["signal"] == 1; }));
  static_cast<void>(pid());
  ::kill(pid(), SIGABRT);
  EXPECT_TRUE(eventually([&] { return pool.ends()["crash"] == 1; }));
}

TEST(Spares, TakeThePlaceOfAWorkerThatDies) {
  Records records;
  auto options = shop_options();
  options.spares = 1;
  options.log = records.sink();
  const auto pool = start(options);
  const auto standby = [&] {
    const auto workers = pool.workers();
    return std::any_of(workers.begin(), workers.end(), [](const auto& each) { return each.state == "standby"; });
  };
  ASSERT_TRUE(eventually(standby));
  const int killed = pool.call<int>("shop.pid").get().value();
  ::kill(killed, SIGKILL);
  EXPECT_TRUE(eventually([&] {
    const auto now = pool.call<int>("shop.pid").get();
    return now.ok() && now.value() != killed;
  }));
  EXPECT_TRUE(records.find("a spare, takes the place of worker 0"));
  EXPECT_TRUE(eventually(standby));
}

}  // namespace
}  // namespace clutch::e2e
