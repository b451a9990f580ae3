// Workers that call their own pool, and calls that kill workers, with real daemons.
#include "support.hpp"

namespace clutch::daemon_test {
namespace {

CallOptions quick() { return {.timeout = 20s}; }

// What a call that calls back printed, without knowing that it is one.
Result<std::string> ask(const Daemon& daemon, const Client& client, std::string_view how, const std::string& function,
                        const std::string& argument) {
  const auto caller = client.with(quick());
  return caller.call<std::string>(how, CLUTCH_PROGRAM, daemon.endpoint(), function, argument).get();
}

TEST(Nested, ACallOfAWorkerToItsOwnFullPoolIsRefusedAtOnce) {
  const Daemon daemon(main_pool("workers = 1\nconcurrency = 1\n"));
  const auto client = daemon.connect();
  const auto said = ask(daemon, client, "depot.ask", "depot.double", "21");
  ASSERT_TRUE(said.ok()) << describe(said.error());
  EXPECT_NE(said.value().find("\"overloaded\""), std::string::npos) << said.value();
  EXPECT_NE(said.value().find("a worker of this pool asks for `depot.double`"), std::string::npos) << said.value();
  EXPECT_VALUE(client.call<int>("depot.double", 4).get(), 8);
}

TEST(Nested, WhereAPlaceIsFreeItRuns) {
  const Daemon daemon(main_pool("workers = 1\nconcurrency = 2\n"));
  const auto client = daemon.connect();
  const auto said = ask(daemon, client, "depot.ask", "depot.double", "21");
  ASSERT_TRUE(said.ok()) << describe(said.error());
  EXPECT_NE(said.value().find("\"value\": 42"), std::string::npos) << said.value();
}

TEST(Nested, ACallBehindTheLoopThatItsCallerBlocksEnds) {
  const Daemon daemon(main_pool("workers = 1\n"));
  const auto client = daemon.connect();
  const auto said = ask(daemon, client, "depot.ask_and_block", "depot.double", "21");
  ASSERT_TRUE(said.ok()) << describe(said.error());
  // At once, where the supervisor has seen already that the loop is blocked.
  const bool refused = said.value().find("every place for it is taken or blocked") != std::string::npos;
  const bool ended = said.value().find("did not begin within 1 s") != std::string::npos;
  EXPECT_TRUE(refused || ended) << said.value();
}

TEST(Poison, IsRefusedAfterItsThirdKillAndRunsWhenItIsLifted) {
  Daemon daemon(main_pool("workers = 2\n"));
  const auto client = daemon.connect();
  const auto caller = client.with(quick());
  for (int i = 0; i < 3; ++i) {
    EXPECT_FAILS(caller.call<void>("depot.die", "poison").get(), worker_lost, maybe_started);
    EXPECT_VALUE(caller.call<int>("depot.double", i).get(), 2 * i);
  }
  const auto refused = caller.call<void>("depot.die", "poison").get();
  EXPECT_FAILS(refused, quarantined, not_started);
  EXPECT_TRUE(daemon.process().says("quarantined: `depot.die`"));
  EXPECT_FAILS(caller.call<void>("depot.die", "another").get(), worker_lost, maybe_started);

  const auto list = client.query("quarantine").get();
  ASSERT_TRUE(list.ok()) << describe(list.error());
  const auto* all = list.value().find("quarantine")->get_if<Value::Array>();
  ASSERT_NE(all, nullptr);
  ASSERT_EQ(all->size(), 2u);
  const auto fingerprint = *(*all)[0].find("fingerprint")->get_if<std::string>();
  EXPECT_NE(refused.error().message.find(fingerprint), std::string::npos) << refused.error().message;
  const auto lift = [&](const std::string& what) {
    return client.command("lift", {{Value("fingerprint"), Value(what)}}).get();
  };
  EXPECT_FAILS(lift("nonsense"), not_found, not_started);
  EXPECT_TRUE(lift(fingerprint).ok());
  EXPECT_FAILS(caller.call<void>("depot.die", "poison").get(), worker_lost, maybe_started);
}

}  // namespace
}  // namespace clutch::daemon_test
