// The daemon's own life: start, one at a path, signals, restart.
#include <sys/stat.h>

#include <csignal>

#include "raw_peer.hpp"
#include "support.hpp"
#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

int run_clutchd(const Scratch& scratch, const std::vector<std::string>& arguments, const std::string& output) {
  std::vector<std::string> command = {test::program_directory() / "clutchd"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return Process(command, scratch / output).wait();
}

TEST(DaemonLife, ASecondDaemonRefusesAndNamesTheFirst) {
  Daemon daemon;
  EXPECT_EQ(run_clutchd(daemon.scratch(), {"--config", daemon.config_path()}, "second"), 3);
  const auto said = text_of(daemon.scratch() / "second");
  EXPECT_NE(said.find("(pid " + std::to_string(daemon.process().pid()) + ")"), std::string::npos) << said;
  EXPECT_VALUE(daemon.connect().call<int>("depot.double", 1).get(), 2);
}

TEST(DaemonLife, ADirectoryThatOthersCanEnterIsRefused) {
  Scratch scratch;
  ASSERT_EQ(::mkdir((scratch / "open").c_str(), 0755), 0);
  const auto config = scratch.write("c.toml", main_pool());
  EXPECT_EQ(run_clutchd(scratch, {"-c", config, "--listen", "ipc://" + (scratch / "open/s.sock")}, "said"), 3);
  EXPECT_NE(text_of(scratch / "said").find("is open to other users"), std::string::npos);
}

TEST(DaemonLife, ItsDirectoryIsItsUsersAlone) {
  Daemon daemon;
  struct stat facts {};
  ASSERT_EQ(::stat((daemon.scratch() / "run").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0700u);
}

TEST(DaemonLife, AStaleSocketIsTakenOver) {
  Daemon daemon;
  daemon.process().signal(SIGKILL);
  EXPECT_EQ(daemon.process().wait(), -SIGKILL);
  EXPECT_TRUE(std::filesystem::exists(daemon.scratch() / "run/clutchd.sock"));
  daemon.start_again();
  EXPECT_VALUE(daemon.connect().call<int>("depot.double", 1).get(), 2);
}

TEST(DaemonLife, APoolThatCannotStartIsToldInFull) {
  Scratch scratch;
  const auto config = scratch.write("c.toml", "listen = \"ipc://" + (scratch / "run/s.sock") + "\"\n" + main_pool());
  EXPECT_EQ(run_clutchd(scratch, {"-c", config, "--set", "pool.main.modules=[\"nowhere\"]"}, "said"), 3);
  EXPECT_NE(text_of(scratch / "said").find("No module named 'nowhere'"), std::string::npos)
      << text_of(scratch / "said");
  EXPECT_FALSE(std::filesystem::exists(scratch / "run/s.sock.lock"));
}

TEST(DaemonLife, SigtermLetsEveryCallFinish) {
  Daemon daemon(main_pool("workers = 2\n"));
  const auto client = daemon.connect();
  std::vector<Call<double>> calls;
  for (int i = 0; i < 50; ++i) calls.push_back(client.call<double>("depot.nap", 0.5));
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);  // those before it have arrived
  daemon.process().signal(SIGTERM);
  for (auto& call : calls) EXPECT_VALUE(call.get(), 0.5);
  EXPECT_EQ(daemon.process().wait(), 0);
  EXPECT_TRUE(std::filesystem::is_empty(daemon.scratch() / "run"));
}

TEST(DaemonLife, WhileItDrainsItTakesNoCalls) {
  Daemon daemon;
  const auto client = daemon.connect();
  const auto gate = daemon.scratch() / "go";
  auto held = client.call<void>("depot.wait_for_file", gate);
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  daemon.process().signal(SIGTERM);
  ASSERT_TRUE(daemon.process().says("told to end"));
  EXPECT_FAILS(client.call<int>("depot.double", 1).get(), unavailable, not_started);
  const auto late = Client::connect(daemon.endpoint());
  ASSERT_FALSE(late.ok());
  EXPECT_NE(late.error().message.find("stopping"), std::string::npos) << late.error().message;
  static_cast<void>(daemon.scratch().write("go", ""));
  EXPECT_TRUE(held.get().ok());
  EXPECT_EQ(daemon.process().wait(), 0);
}

TEST(DaemonLife, TheDrainIsBounded) {
  Daemon daemon(main_pool("stop_timeout = \"200ms\"\n"));
  const auto client = daemon.connect();
  auto held = client.call<double>("depot.nap", 60.0);
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  daemon.process().signal(SIGTERM);
  EXPECT_FAILS(held.get(), worker_lost, started);
  EXPECT_EQ(daemon.process().wait(), 0);
}

TEST(DaemonLife, ASecondSigtermEndsAtOnce) {
  Daemon daemon(main_pool("stop_timeout = \"1h\"\n"));
  const auto client = daemon.connect();
  auto held = client.call<double>("depot.nap", 3600.0);
  EXPECT_VALUE(client.call<int>("depot.double", 1).get(), 2);
  daemon.process().signal(SIGTERM);
  ASSERT_TRUE(daemon.process().says("told to end"));
  // One that comes with the first is the same: this goes on until it is a second.
  int status = 0;
  EXPECT_TRUE(eventually([&] {
    daemon.process().signal(SIGTERM);
    return text_of(daemon.scratch() / "log-0").find("ended") != std::string::npos;
  }));
  status = daemon.process().wait();
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(held.get().ok());
}

TEST(DaemonLife, WhatWasSentToADeadDaemonDoesNotReachItsSuccessor) {
  Daemon daemon;
  const auto path = daemon.scratch() / "ghost";
  std::uint64_t old_boot = 0;
  {
    RawPeer peer(daemon.endpoint());
    old_boot = peer.greet();
  }
  daemon.process().signal(SIGKILL);
  daemon.start_again();
  // A DEALER that libzmq reconnected, with what it had queued.
  RawPeer ghost(daemon.endpoint());
  protocol::Writer arguments;
  arguments.array(2);
  arguments.string(path);
  arguments.string("ghost");
  ghost.call(old_boot, 7, "depot.note", bytes(arguments.bytes()));
  const auto refusal = ghost.refusal();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, Code::unavailable);
  EXPECT_NE(refusal->message.find("nothing of the message was executed"), std::string::npos) << refusal->message;
  EXPECT_TRUE(daemon.connect().call<void>("depot.note", path, "living").get().ok());
  EXPECT_EQ(lines_of(path), std::vector<std::string>{"living"});
}

}  // namespace
}  // namespace clutch::daemon_test
