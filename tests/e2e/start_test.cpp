#include <clutch/value.hpp>
#include <fstream>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

using testing::Test;

TEST(Start, ReturnsWhenEachWorkerIsReady) {
  Records records;
  auto options = shop_options(2);
  options.log = records.sink();
  const auto pool = start(options);
  EXPECT_VALUE(pool.call<int>("shop.add", 1, 2).get(), 3);
  EXPECT_TRUE(records.find("ready: "));
}

TEST(Start, FailsWithTheTracebackOfAnImportThatRaises) {
  auto options = shop_options();
  options.modules = {"shop", "broken_import"};
  const auto pool = Pool::start(options);
  EXPECT_FAILS(pool, failed, import, not_started);
  ASSERT_TRUE(pool.error().exception);
  EXPECT_EQ(pool.error().exception->type, "RuntimeError");
  EXPECT_NE(pool.error().exception->traceback.find("broken_import.py\", line 3"), std::string::npos);
}

TEST(Start, NamesTheModuleThatIsNotThere) {
  auto options = shop_options();
  options.modules = {"no_such_module"};
  const auto pool = Pool::start(options);
  ASSERT_FALSE(pool.ok());
  EXPECT_EQ(pool.error().stage, Stage::import);
  EXPECT_NE(describe(pool.error()).find("No module named 'no_such_module'"), std::string::npos);
}

TEST(Start, FailsWhereALifespanRaises) {
  Scratch scratch;
  auto options = shop_options();
  options.modules = {"with_lifespan"};
  options.env = {{"LIFESPAN_LOG", scratch / "log"}, {"LIFESPAN_FAILS", "1"}};
  const auto pool = Pool::start(options);
  EXPECT_FAILS(pool, failed, setup, not_started);
  ASSERT_TRUE(pool.error().exception);
  EXPECT_EQ(pool.error().exception->type, "ConnectionError");
  EXPECT_NE(pool.error().exception->traceback.find("with_lifespan.py\", line"), std::string::npos);
}

TEST(Start, EntersALifespanOnceAWorkerAndLeavesItAtTheEnd) {
  Scratch scratch;
  auto options = shop_options();
  options.modules = {"with_lifespan"};
  options.env = {{"LIFESPAN_LOG", scratch / "log"}};
  {
    auto pool = start(options);
    EXPECT_VALUE(pool.call<int>("with_lifespan.use").get(), 1);
    EXPECT_VALUE(pool.call<int>("with_lifespan.use").get(), 2);
    EXPECT_EQ(scratch.lines("log"), std::vector<std::string>{"open"});
    EXPECT_TRUE(pool.stop(10s));
  }
  EXPECT_EQ(scratch.lines("log"), (std::vector<std::string>{"open", "close"}));
}

TEST(Start, SaysWhatToDoAboutAPythonThatIsNotThere) {
  auto options = shop_options();
  options.python = "/nowhere/python";
  const auto pool = Pool::start(options);
  EXPECT_FAILS(pool, invalid_argument, setup, not_started);
  EXPECT_NE(pool.error().message.find("/nowhere/python"), std::string::npos);
}

TEST(Start, SaysWhatToInstallInAPythonWithoutThePackages) {
  Scratch scratch;
  // The same interpreter, kept from its site-packages: -S, by a wrapper.
  const auto wrapper = scratch / "python";
  std::ofstream(wrapper) << "#!/bin/sh\nexec '" << shop_options().python << "' -S \"$@\"\n";
  std::filesystem::permissions(wrapper, std::filesystem::perms::owner_all);
  auto options = shop_options();
  options.python = wrapper;
  const auto pool = Pool::start(options);
  ASSERT_FALSE(pool.ok());
  EXPECT_EQ(pool.error().stage, Stage::setup);
  EXPECT_NE(pool.error().message.find("pip install"), std::string::npos) << describe(pool.error());
}

TEST(Start, SaysThatAPythonIsTooOld) {
  Scratch scratch;
  // This one says that it is older, and knows no option that an older one does not.
  const auto old = scratch / "python";
  std::ofstream(old)
      << "#!/bin/sh\n[ \"$1\" = -m ] || { echo \"Unknown option: $1\" >&2; exit 2; }\nexec '" << shop_options().python
      << "' -c 'import runpy, sys\nsys.version_info = (3, 9, 18, \"final\", 0)\nsys.executable = \"" << old
      << "\"\ndel sys.argv[0]\nrunpy.run_module(sys.argv.pop(1), run_name=\"__main__\", alter_sys=True)' \"$@\"\n";
  std::filesystem::permissions(old, std::filesystem::perms::owner_all);
  auto options = shop_options();
  options.python = old;
  const auto pool = Pool::start(options);
  ASSERT_FALSE(pool.ok());
  EXPECT_EQ(pool.error().stage, Stage::setup);
  for (const std::string& said : {std::string("Python 3.11 or later"), old + " is 3.9.18", std::string("-m venv")}) {
    EXPECT_NE(pool.error().message.find(said), std::string::npos) << pool.error().message;
  }
  EXPECT_EQ(pool.error().message.find('\n'), std::string::npos) << pool.error().message;
}

TEST(Start, BoundsALifespanThatDoesNotEnter) {
  Scratch scratch;
  auto options = shop_options();
  options.modules = {"with_lifespan"};
  options.env = {{"LIFESPAN_LOG", scratch / "log"}, {"LIFESPAN_HANGS", "enter"}};
  options.start_timeout = 1s;
  const auto before = std::chrono::steady_clock::now();
  const auto pool = Pool::start(options);
  ASSERT_FALSE(pool.ok());
  EXPECT_EQ(pool.error().stage, Stage::setup) << describe(pool.error());
  EXPECT_LT(std::chrono::steady_clock::now() - before, 20s);
  EXPECT_EQ(scratch.lines("log"), std::vector<std::string>{"open"});
}

TEST(Start, BoundsALifespanThatDoesNotLeave) {
  Scratch scratch;
  auto options = shop_options();
  options.modules = {"with_lifespan"};
  options.env = {{"LIFESPAN_LOG", scratch / "log"}, {"LIFESPAN_HANGS", "leave"}};
  auto pool = start(options);
  EXPECT_VALUE(pool.call<int>("with_lifespan.use").get(), 1);
  const auto before = std::chrono::steady_clock::now();
  pool.stop(500ms);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 20s);
  EXPECT_EQ(scratch.lines("log"), std::vector<std::string>{"open"});
}

TEST(Start, LeavesALifespanAfterTheLastCall) {
  Scratch scratch;
  auto options = shop_options();
  options.modules = {"with_lifespan"};
  options.env = {{"LIFESPAN_LOG", scratch / "log"}};
  auto pool = start(options);
  auto last = pool.call<int>("with_lifespan.use_slowly", 0.3);
  auto behind = pool.call<int>("with_lifespan.use_plainly", 0.4);
  EXPECT_TRUE(pool.stop(10s));
  EXPECT_VALUE(last.get(), 1);
  EXPECT_VALUE(behind.get(), 2);
  EXPECT_EQ(scratch.lines("log"), (std::vector<std::string>{"open", "used", "used", "close"}));
}

TEST(Start, RefusesOptionsThatCannotBeMeant) {
  auto options = shop_options(0);
  EXPECT_FAILS(Pool::start(options), invalid_argument, setup, not_started);
  options = shop_options();
  options.modules.clear();
  EXPECT_FAILS(Pool::start(options), invalid_argument, setup, not_started);
  options = shop_options();
  options.path = {"/no/such/directory"};
  const auto pool = Pool::start(options);
  EXPECT_FAILS(pool, invalid_argument, setup, not_started);
  EXPECT_NE(pool.error().message.find("/no/such/directory"), std::string::npos);
}

TEST(Start, BoundsTheTimeUntilReady) {
  Scratch scratch;
  std::ofstream(scratch / "slow.py") << "import time\ntime.sleep(60)\n";
  auto options = shop_options();
  options.modules = {"slow"};
  options.path = {scratch.path()};
  options.start_timeout = 500ms;
  const auto before = std::chrono::steady_clock::now();
  const auto pool = Pool::start(options);
  ASSERT_FALSE(pool.ok());
  EXPECT_NE(pool.error().message.find("start_timeout"), std::string::npos) << describe(pool.error());
  EXPECT_LT(std::chrono::steady_clock::now() - before, 20s);
}

TEST(Start, PassesTheEnvironmentOn) {
  Scratch scratch;
  std::ofstream(scratch / "env.py") << "import os\nasync def get(name: str): return os.environ.get(name)\n";
  auto options = shop_options();
  options.modules = {"env"};
  options.path = {scratch.path()};
  options.env = {{"SHOP_COLOUR", "blue"}};
  options.library_threads = 3;
  const auto pool = start(options);
  EXPECT_VALUE(pool.call<std::string>("env.get", "SHOP_COLOUR").get(), "blue");
  EXPECT_VALUE(pool.call<std::string>("env.get", "OMP_NUM_THREADS").get(), "3");
  EXPECT_VALUE(pool.call<std::optional<std::string>>("env.get", "PYTHONPATH").get(), std::nullopt);
}

TEST(Start, PutsPrintsAndLoggingIntoTheLog) {
  Records records;
  auto options = shop_options();
  options.log = records.sink();
  const auto pool = start(options);
  ASSERT_TRUE(pool.call<void>("shop.shout", "a \x1b[31mred\nlight").get().ok());
  ASSERT_TRUE(eventually([&] { return records.find("rang up") && records.find("light"); }));
  EXPECT_EQ(records.find("rang up")->level, LogLevel::warning);
  EXPECT_EQ(records.find("rang up")->source, "worker default/0 shop.till");
  EXPECT_EQ(records.find("rang up")->text.find('\x1b'), std::string::npos);
  EXPECT_EQ(records.find("light")->source, "worker default/0 stdout");
}

}  // namespace
}  // namespace clutch::e2e
