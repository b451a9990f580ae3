// A host that does not keep to the format, without the link: the nursery kills what it has and ends with status 3.
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.hpp"
#include "nursery/launch.hpp"

namespace clutch::test {
namespace {

using namespace clutch::nursery;

class RawNursery : public ::testing::Test {
 protected:
  Launched nursery_ = launch({.program = NURSERY_PROGRAM, .socket_directory = {}, .environment = {}});
  OwnedFd null_{::open("/dev/null", O_RDWR | O_CLOEXEC)};

  void SetUp() override { ASSERT_TRUE(std::holds_alternative<Ready>(*answer().first)); }
  void TearDown() override {
    if (nursery_.pidfd) kill_by(nursery_.pidfd, SIGKILL);
    ::waitpid(nursery_.pid, nullptr, 0);
  }

  void send(std::string bytes, std::vector<OwnedFd> fds = {}) {
    Outbox outbox;
    outbox.post(std::move(bytes), std::move(fds));
    while (outbox.flush(nursery_.socket.get()) && !outbox.empty()) {
      pollfd room{nursery_.socket.get(), POLLOUT, 0};
      ASSERT_EQ(::poll(&room, 1, static_cast<int>(soon.count())), 1) << "the nursery does not read";
    }
    ASSERT_TRUE(outbox.empty());
  }

  std::vector<OwnedFd> fds_with(const std::string& request_bytes, std::size_t others = 6) {
    std::vector<OwnedFd> fds;
    fds.push_back(memfd("request"));
    EXPECT_EQ(::write(fds[0].get(), request_bytes.data(), request_bytes.size()),
              static_cast<ssize_t>(request_bytes.size()));
    for (std::size_t i = 0; i < others; ++i) fds.emplace_back(::fcntl(null_.get(), F_DUPFD_CLOEXEC, 0));
    return fds;
  }

  std::pair<std::optional<Message>, std::vector<OwnedFd>> answer() {
    Received received;
    if (!readable(nursery_.socket.get()) || receive(nursery_.socket.get(), received) != Receipt::message) return {};
    return {decode(received.bytes), std::move(received.fds)};
  }

  OwnedFd spawn_sleeper() {
    send(encode(Spawn{1}),
         fds_with(*encode_request(
             {.argv = {"/bin/sleep", "1000"}, .environment = {}, .working_directory = {}, .cpus = {}})));
    auto [message, fds] = answer();
    EXPECT_TRUE(message && std::holds_alternative<Spawned>(*message));
    return fds.empty() ? OwnedFd() : std::move(fds[0]);
  }

  int exit_status() {
    int status = -1;
    if (!dies(nursery_.pidfd) || ::waitpid(nursery_.pid, &status, 0) != nursery_.pid) return -1;
    nursery_.pidfd.reset();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

TEST_F(RawNursery, GarbageKillsTheWorkersAndEndsIt) {
  const OwnedFd worker = spawn_sleeper();
  send("garbage\n\x1b[31m");
  EXPECT_TRUE(dies(worker));
  const auto [message, fds] = answer();
  ASSERT_TRUE(message && std::holds_alternative<Exited>(*message)) << "still told";
  EXPECT_EQ(exit_status(), 3);
}

TEST_F(RawNursery, AMessageThatIsTooLongIsGarbage) {
  send(encode(KillTree{1}) + std::string(100'000, '\0'));
  EXPECT_EQ(exit_status(), 3);
}

TEST_F(RawNursery, AnAnswerIsNotForItToTake) {
  send(encode(Ready{}));
  EXPECT_EQ(exit_status(), 3);
}

TEST_F(RawNursery, ASpawnWithTooFewDescriptorsIsGarbage) {
  send(encode(Spawn{1}), fds_with("", 5));
  EXPECT_EQ(exit_status(), 3);
}

TEST_F(RawNursery, AMalformedRequestIsRefusedAndTheRestGoesOn) {
  send(encode(Spawn{2}), fds_with("no request"));
  const auto [message, fds] = answer();
  ASSERT_TRUE(message && std::holds_alternative<SpawnFailed>(*message));
  EXPECT_EQ(std::get<SpawnFailed>(*message).error, EINVAL);
  EXPECT_TRUE(spawn_sleeper());
}

// 2,000 answers, of which the host reads none before all are made: they wait in the nursery.
TEST_F(RawNursery, AnswersWaitWhileTheSocketIsFull) {
  constexpr std::uint64_t requests = 2'000;
  for (std::uint64_t incarnation = 1; incarnation <= requests; ++incarnation)
    send(encode(Spawn{incarnation}), fds_with("no request"));
  for (std::uint64_t incarnation = 1; incarnation <= requests; ++incarnation) {
    const auto [message, fds] = answer();
    ASSERT_TRUE(message && std::holds_alternative<SpawnFailed>(*message)) << incarnation;
    ASSERT_EQ(std::get<SpawnFailed>(*message).incarnation, incarnation);
  }
}

// The host executed another program: it lives, but nobody holds the socket any more.
TEST_F(RawNursery, TheEndOfTheSocketIsTheEndOfTheHost) {
  const OwnedFd worker = spawn_sleeper();
  nursery_.socket.reset();
  EXPECT_TRUE(dies(worker));
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(RawNursery, ShutdownKillsAllAndEndsIt) {
  const OwnedFd worker = spawn_sleeper();
  send(encode(Shutdown{}));
  EXPECT_TRUE(dies(worker));
  EXPECT_EQ(exit_status(), 0);
}

}  // namespace
}  // namespace clutch::test
