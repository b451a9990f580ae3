// A daemon that is told to end, by SIGTERM or COMMAND drain, and replaced.
#include <atomic>
#include <csignal>
#include <thread>

#include "support.hpp"

namespace clutch::daemon_test {
namespace {

TEST(DaemonDrain, AnswersPingsWhileItDrains) {
  Daemon daemon;
  const auto client = daemon.connect();
  const auto gate = daemon.scratch() / "go";
  auto held = client.call<void>("depot.wait_for_file", gate);
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  daemon.process().signal(SIGTERM);
  ASSERT_TRUE(daemon.process().says("told to end"));
  EXPECT_FAILS(client.call<int>("depot.double", 1).get(), unavailable, not_started);
  EXPECT_TRUE(client.query("ping").get().ok());
  static_cast<void>(daemon.scratch().write("go", ""));
  EXPECT_TRUE(held.get().ok());
  EXPECT_EQ(daemon.process().wait(), 0);
}

TEST(DaemonDrain, NamesInItsLogWhatItCutShort) {
  Daemon daemon(main_pool("stop_timeout = \"200ms\"\n"));
  const auto client = daemon.connect();
  auto first = client.call<double>("depot.nap", 600.0);
  auto second = client.call<double>("depot.nap", 600.0);
  auto third = client.call<void>("depot.wait_for_file", daemon.scratch() / "never");
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  daemon.process().signal(SIGTERM);
  EXPECT_FAILS(first.get(), worker_lost, started);
  EXPECT_EQ(daemon.process().wait(), 0);
  EXPECT_NE(daemon.process().output().find("cut short: depot.nap (2), depot.wait_for_file (1)"), std::string::npos)
      << daemon.process().output();
}

TEST(DaemonReload, ThatCannotBeSaysWhyAndChangesNothing) {
  Daemon daemon;
  const auto client = daemon.connect();
  const auto reload = [&](Value::Map arguments) { return client.command("reload", std::move(arguments)).get(); };
  EXPECT_FAILS(reload({{Value("pool"), Value(7)}}), invalid_argument, not_started);
  EXPECT_FAILS(reload({{Value("pools"), Value("main")}}), invalid_argument, not_started);
  const auto nowhere = reload({{Value("pool"), Value("mian")}});
  EXPECT_FAILS(nowhere, not_found, not_started);
  EXPECT_NE(nowhere.error().message.find("no pool `mian`"), std::string::npos) << nowhere.error().message;
  auto held = client.call<void>("depot.wait_for_file", daemon.scratch() / "go");
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  daemon.process().signal(SIGTERM);
  ASSERT_TRUE(daemon.process().says("told to end"));
  EXPECT_FAILS(reload({}), unavailable, not_started);
  static_cast<void>(daemon.scratch().write("go", ""));
  EXPECT_TRUE(held.get().ok());
  EXPECT_EQ(daemon.process().wait(), 0);
  EXPECT_EQ(daemon.process().output().find("reloading"), std::string::npos) << daemon.process().output();
}

TEST(DaemonDrain, OfACommandIsAnsweredWhenTheLastCallIsOver) {
  Daemon daemon;
  const auto client = daemon.connect();
  const auto gate = daemon.scratch() / "go";
  auto held = client.call<void>("depot.wait_for_file", gate);
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  auto drained = client.command("drain");
  EXPECT_TRUE(eventually([&] { return !client.call<int>("depot.double", 1).get().ok(); }));
  EXPECT_FALSE(drained.wait_for(0s));
  static_cast<void>(daemon.scratch().write("go", ""));
  const auto done = drained.get();
  ASSERT_TRUE(done.ok()) << describe(done.error());
  EXPECT_EQ(*done.value().find("lost"), Value(std::uint64_t{0}));
  EXPECT_TRUE(held.get().ok());
  EXPECT_EQ(daemon.process().wait(), 0);
}

TEST(DaemonDrain, ACommandThatThereIsNotIsAnErrorAndNothingElse) {
  Daemon daemon;
  const auto client = daemon.connect();
  const auto unknown = client.command("explode").get();
  EXPECT_FAILS(unknown, not_found, not_started);
  EXPECT_NE(unknown.error().message.find("it knows drain"), std::string::npos) << unknown.error().message;
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
}

// Callers that let what was not begun be tried again see nothing of it, and each call ran once.
TEST(DaemonDrain, UnderLoadNoCallFailsWhereTheDaemonIsReplaced) {
  Daemon daemon(main_pool("workers = 2\n"));
  const auto client = daemon.connect({.connect_timeout = 60s});
  const auto path = daemon.scratch() / "ran";
  CallOptions options;
  options.retry.emplace();
  options.retry->attempts = 1'000'000;
  options.retry->delay = 5ms;
  options.retry->delay_max = 50ms;
  const auto caller = client.with(options);
  std::atomic<bool> stop = false;
  std::atomic<int> ended = 0;
  std::vector<std::string> wrong;
  std::size_t made = 0;
  std::thread load([&] {
    while (!stop) {
      std::vector<Call<void>> calls;
      for (int i = 0; i < 20; ++i) calls.push_back(caller.call<void>("depot.note", path, std::to_string(made++)));
      for (auto& call : calls) {
        const auto result = call.get();
        if (!result.ok()) wrong.push_back(describe(result.error()));
        ++ended;
      }
    }
  });
  for (int i = 0; i < 3; ++i) {
    const int before = ended;
    EXPECT_TRUE(eventually([&] { return ended > before + 100; }));
    daemon.process().signal(SIGTERM);
    EXPECT_EQ(daemon.process().wait(), 0);
    daemon.start_again();
  }
  const int before = ended;
  EXPECT_TRUE(eventually([&] { return ended > before + 100; }));
  stop = true;
  load.join();
  EXPECT_EQ(wrong, std::vector<std::string>{});
  auto ran = lines_of(path);
  std::sort(ran.begin(), ran.end());
  EXPECT_EQ(std::unique(ran.begin(), ran.end()), ran.end());
  EXPECT_EQ(ran.size(), made);
}

}  // namespace
}  // namespace clutch::daemon_test
