// What the daemon logs of its pools.
#include "support.hpp"

namespace clutch::daemon_test {
namespace {

TEST(DaemonLog, TellsEachStepOfACallAtDebug) {
  Daemon daemon("[log]\nlevel = \"debug\"\n" + main_pool());
  EXPECT_VALUE(daemon.connect().call<int>("depot.double", 21).get(), 42);
  for (const auto* step : {"accepted", "queued", "sent to worker 0", "begun by worker 0", "returned a value"}) {
    EXPECT_TRUE(daemon.process().says(std::string("`depot.double`, attempt 1: ") + step)) << step;
  }
}

}  // namespace
}  // namespace clutch::daemon_test
