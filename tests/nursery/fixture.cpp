#include "fixture.hpp"

#include <fcntl.h>

namespace clutch::test {

io::SpawnRequest shell_request(std::uint64_t incarnation, const std::string& script, int null) {
  return {.incarnation = incarnation,
          .argv = {"/bin/sh", "-c", script},
          .environment = {"PATH=/usr/bin:/bin"},
          .working_directory = {},
          .cpus = {},
          .fds = {.page = null, .watchdog = null, .fault = null, .log = null, .out = null, .err = STDERR_FILENO}};
}

NurseryTest::NurseryTest() : null_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {}

void NurseryTest::TearDown() {
  link_.reset();
  if (!tree_may_live_) {
    EXPECT_EQ(processes_with(mark_), std::vector<pid_t>{});
  }
}

void NurseryTest::start(io::NurseryOptions options) {
  link_ = io::NurseryLink::start(NURSERY_PROGRAM, std::move(options));
}

std::vector<std::string> NurseryTest::environment() const { return {"PATH=/usr/bin:/bin", mark_}; }

io::SpawnRequest NurseryTest::request(const std::string& script) {
  io::SpawnRequest result = shell_request(next_++, script, null_.get());
  result.environment = environment();
  return result;
}

Worker NurseryTest::sh(const std::string& script) {
  Worker worker;
  io::SpawnRequest wanted = request(script);
  wanted.fds.out = worker.out.write.get();
  EXPECT_EQ(link_->spawn(wanted), std::error_code{});
  auto spawned = expect<io::Spawned>();
  EXPECT_EQ(spawned.incarnation, wanted.incarnation);
  worker.incarnation = spawned.incarnation;
  worker.pid = spawned.pid;
  worker.pidfd = std::move(spawned.pidfd);
  worker.out.write.reset();
  return worker;
}

io::NurseryEvent NurseryTest::next_event() {
  while (events_.empty()) {
    if (!readable(link_->fd())) return io::NurseryGone{"the test saw no event in time"};
    link_->poll([this](io::NurseryEvent event) { events_.push_back(std::move(event)); });
  }
  io::NurseryEvent event = std::move(events_.front());
  events_.erase(events_.begin());
  return event;
}

void NurseryTest::expect_no_more_events() {
  io::SpawnRequest impossible = request("");
  impossible.argv = {"/nonexistent/program"};
  EXPECT_EQ(link_->spawn(impossible), std::error_code{});
  EXPECT_EQ(expect<io::SpawnFailed>().incarnation, impossible.incarnation);
}

std::string NurseryTest::describe(const io::NurseryEvent& event) {
  if (const auto* spawned = std::get_if<io::Spawned>(&event)) return "spawned " + std::to_string(spawned->incarnation);
  if (const auto* failed = std::get_if<io::SpawnFailed>(&event)) return "spawn failed: " + failed->text;
  if (const auto* exited = std::get_if<io::Exited>(&event))
    return "exited " + std::to_string(exited->incarnation) + ", signal " + std::to_string(exited->signal) +
           ", exit code " + std::to_string(exited->exit_code);
  return "gone: " + std::get<io::NurseryGone>(event).why;
}

}  // namespace clutch::test
