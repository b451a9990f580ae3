// What becomes of calls when a client or the daemon is gone.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "support.hpp"

namespace clutch::daemon_test {
namespace {

TEST(ClientConnect, WithoutADaemonItSaysWhatToDo) {
  Scratch scratch;
  const auto client = Client::connect("ipc://" + (scratch / "none.sock"));
  EXPECT_FAILS(client, unavailable, not_started);
  EXPECT_NE(client.error().message.find("clutchd --config"), std::string::npos) << client.error().message;
}

TEST(ClientConnect, AnEndpointThatIsNoneIsToldSo) {
  EXPECT_FAILS(Client::connect("tcp://localhost:1"), unavailable, not_started);
  EXPECT_FAILS(Client::connect("ipc:///tmp/" + std::string(200, 'x')), unavailable, not_started);
}

TEST(ClientEnd, AKilledClientsCallsAreCancelled) {
  Daemon daemon;
  const auto path = daemon.scratch() / "noted";
  const auto peer = start_peer(daemon, {"nap", path}, "peer");
  ASSERT_TRUE(eventually([&] { return lines_of(path).size() == 1; }));
  peer->signal(SIGKILL);
  ASSERT_TRUE(eventually([&] { return lines_of(path).size() == 2; }));
  EXPECT_EQ(lines_of(path)[1], "cancelled");
}

TEST(ClientEnd, WhatIsDetachedRunsOn) {
  Daemon daemon;
  const auto path = daemon.scratch() / "noted";
  const auto peer = start_peer(daemon, {"detach", path}, "peer");
  EXPECT_EQ(peer->wait(), 0);
  ASSERT_TRUE(eventually([&] { return lines_of(path).size() == 2; }));
  EXPECT_EQ(lines_of(path)[1], "done");
}

TEST(ClientEnd, ItsEndCancelsItsCalls) {
  Daemon daemon;
  const auto path = daemon.scratch() / "noted";
  std::optional<Call<void>> call;
  {
    const auto client = daemon.connect();
    call = client.call<void>("depot.nap_and_note", path, 60.0);
    ASSERT_TRUE(eventually([&] { return lines_of(path).size() == 1; }));
  }
  EXPECT_FAILS(call->get(), cancelled, maybe_started);
  ASSERT_TRUE(eventually([&] { return lines_of(path).size() == 2; }));
  EXPECT_EQ(lines_of(path)[1], "cancelled");
}

TEST(DaemonEnd, CallsUnderWayEndAsConnectionLostAndLaterOnesReachTheNext) {
  Daemon daemon;
  const auto client = daemon.connect({.connect_timeout = 30s});
  auto held = client.call<double>("depot.nap", 60.0);
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  daemon.process().signal(SIGKILL);
  EXPECT_FAILS(held.get(), connection_lost, maybe_started);
  auto waiting = client.call<int>("depot.double", 2);  // until the daemon is back
  daemon.start_again();
  EXPECT_VALUE(waiting.get(), 4);
}

TEST(DaemonEnd, WithoutANextCallsAreUnavailable) {
  Daemon daemon;
  const auto client = daemon.connect({.connect_timeout = 100ms});
  daemon.process().signal(SIGKILL);
  EXPECT_EQ(daemon.process().wait(), -SIGKILL);
  Result<int> result = client.call<int>("depot.double", 1).get();
  if (!result.ok() && result.error().code == Code::connection_lost) result = client.call<int>("depot.double", 1).get();
  EXPECT_FAILS(result, unavailable, not_started);
  EXPECT_NE(result.error().message.find("no daemon listens"), std::string::npos) << result.error().message;
  EXPECT_FAILS(client.call<int>("depot.double", 1).get(), unavailable, not_started);
  daemon.start_again();
  EXPECT_TRUE(eventually([&] { return client.call<int>("depot.double", 1).get().ok(); }));
}

TEST(DaemonEnd, AStoppedDaemonIsNoticed) {
  Daemon daemon;
  const auto client = daemon.connect();
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  daemon.process().signal(SIGSTOP);
  EXPECT_FAILS(client.call<int>("depot.double", 1).get(), connection_lost, maybe_started);
  daemon.process().signal(SIGCONT);
}

TEST(Fork, InAForkedChildTheClientIsInert) {
  Daemon daemon;
  auto client = std::make_unique<Client>(daemon.connect());
  EXPECT_VALUE(client->call<int>("depot.double", 1).get(), 2);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto result = client->call<int>("depot.double", 1).get();
    const bool inert = !result.ok() && result.error().code == Code::unavailable;
    client.reset();
    ::_exit(inert ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_VALUE(client->call<int>("depot.double", 3).get(), 6);
}

}  // namespace
}  // namespace clutch::daemon_test
