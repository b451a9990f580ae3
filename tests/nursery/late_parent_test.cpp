// The nursery is killed between its child's fork and the child's wish to be told of that.
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "fixture.hpp"

namespace clutch::test {
namespace {

class NurseryDiesEarly : public NurseryTest {
 protected:
  TemporaryDirectory directory_;
  const std::string files_ = directory_.path() / "late";

  // By a script, as a nursery does not inherit LD_PRELOAD.
  void start_late() {
    const std::string script = directory_.path() / "nursery";
    std::ofstream(script) << "#!/bin/sh\nLD_PRELOAD=" << LATE_PRCTL_LIBRARY << " LATE_PRCTL=" << files_ << " exec "
                          << NURSERY_PROGRAM << " \"$@\"\n";
    ASSERT_EQ(::chmod(script.c_str(), 0700), 0);
    link_ = io::NurseryLink::start(script);
  }
  pid_t reached() const {
    const auto until = std::chrono::steady_clock::now() + soon;
    pid_t child = 0;
    while (!(std::ifstream(files_ + "_reached") >> child) && std::chrono::steady_clock::now() < until) ::usleep(1000);
    return child;
  }
};

TEST_F(NurseryDiesEarly, BeforeItsChildIsBoundToItAndNoWorkerRuns) {
  if (std::getenv("CLUTCH_SANITIZED") != nullptr) GTEST_SKIP() << "a sanitizer must be loaded first";
  start_late();
  const std::string ran = files_ + "_ran";
  ASSERT_FALSE(link_->spawn(request("echo > " + ran + "; exec sleep 1000")));
  const pid_t child = reached();
  ASSERT_GT(child, 0);
  const OwnedFd childs = pidfd_of(child);
  const OwnedFd nursery = pidfd_of(link_->pid());
  kill_by(nursery, SIGKILL);
  ASSERT_TRUE(dies(nursery));
  EXPECT_TRUE(alive(childs)) << "nothing told it so far";
  std::ofstream(files_ + "_go").put('\n');
  EXPECT_TRUE(dies(childs)) << "it looks who its parent is";
  EXPECT_FALSE(std::filesystem::exists(ran));
  kill_by(childs, SIGKILL);
}

}  // namespace
}  // namespace clutch::test
