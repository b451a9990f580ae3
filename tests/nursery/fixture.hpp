// A host with a nursery. `sh("…")` is a worker whose first lines on stdout the test reads.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/nursery_link.hpp"
#include "processes.hpp"

namespace clutch::test {

struct Worker {
  std::uint64_t incarnation = 0;
  pid_t pid = 0;
  OwnedFd pidfd;
  Pipe out;
};

// The request of a shell script. The descriptors that are not given are /dev/null.
io::SpawnRequest shell_request(std::uint64_t incarnation, const std::string& script, int null);

class NurseryTest : public ::testing::Test {
 protected:
  // In the environment of every worker and of what it starts: after the nursery's end none may live.
  const std::string mark_ = "NURSERY_TEST=" + std::to_string(::getpid());
  OwnedFd null_;
  std::unique_ptr<io::NurseryLink> link_;
  std::vector<io::NurseryEvent> events_;  // arrived, not yet expected
  std::uint64_t next_ = 1;
  bool tree_may_live_ = false;  // after the nursery itself was killed

  NurseryTest();
  void TearDown() override;

  void start(io::NurseryOptions options = {});
  std::vector<std::string> environment() const;
  io::SpawnRequest request(const std::string& script);
  Worker sh(const std::string& script);
  // The nursery knows of nothing more to tell: answered by an impossible spawn, nothing came before.
  void expect_no_more_events();

  // The next event, which must be of this kind.
  template <class Event>
  Event expect() {
    io::NurseryEvent event = next_event();
    if (auto* wanted = std::get_if<Event>(&event)) return std::move(*wanted);
    ADD_FAILURE() << "another event: " << describe(event);
    return {};
  }
  io::NurseryEvent next_event();
  static std::string describe(const io::NurseryEvent& event);
};

}  // namespace clutch::test
