// The environment of a worker: what is inherited, what stays behind.
#include "io/environment.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace clutch::io {
namespace {

// environ, put back at the end.
class Environment : public ::testing::Test {
 protected:
  void SetUp() override { environ = entries_; }
  void TearDown() override { environ = before_; }
  void host_has(std::initializer_list<const char*> entries) {
    std::size_t i = 0;
    for (const char* entry : entries) entries_[i++] = const_cast<char*>(entry);
    entries_[i] = nullptr;
  }

 private:
  char** before_ = environ;
  char* entries_[16] = {};
};

using Entries = std::vector<std::string>;

TEST_F(Environment, IsInheritedButForWhatIsMeantForTheHost) {
  host_has({"HOME=/root", "PYTHONPATH=/x", "PYTHONHOME=/y", "LD_PRELOAD=x.so", "NOTIFY_SOCKET=/n", "WATCHDOG_USEC=1",
            "WATCHDOG_PID=1", "LISTEN_FDS=3", "LD_LIBRARY_PATH=/l", "MY_PYTHON=1", "LD_PRELOADED=1"});
  EXPECT_EQ(worker_environment({}, false),
            (Entries{"HOME=/root", "LD_LIBRARY_PATH=/l", "MY_PYTHON=1", "LD_PRELOADED=1"}));
}

TEST_F(Environment, ExtraWinsAndIsTakenAsItIs) {
  host_has({"HOME=/root", "A=1"});
  EXPECT_EQ(worker_environment({{"A", "2"}, {"PYTHONPATH", "/mine"}}, false),
            (Entries{"HOME=/root", "A=2", "PYTHONPATH=/mine"}));
}

TEST_F(Environment, CleanIsExactlyExtra) {
  host_has({"HOME=/root"});
  EXPECT_EQ(worker_environment({{"A", ""}}, true), Entries{"A="});
  EXPECT_EQ(worker_environment({}, true), Entries{});
}

TEST_F(Environment, AHostWithOddEntriesOrNoneDoesNoHarm) {
  host_has({"no equals sign", "=odd", "A=b=c"});
  EXPECT_EQ(worker_environment({}, false), Entries{"A=b=c"});
  environ = nullptr;
  EXPECT_EQ(worker_environment({}, false), Entries{});
}

TEST_F(Environment, NamesThatAreNoneAreMisuse) {
  host_has({});
  EXPECT_THROW(worker_environment({{"", "x"}}, false), std::invalid_argument);
  EXPECT_THROW(worker_environment({{"A=B", "x"}}, true), std::invalid_argument);
  EXPECT_THROW(worker_environment({{"A", std::string("x\0y", 3)}}, true), std::invalid_argument);
}

}  // namespace
}  // namespace clutch::io
