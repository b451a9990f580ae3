// Workers that do not answer: one that stands still, and one that nothing reaches any more.
#include <csignal>
#include <fstream>
#include <thread>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

constexpr const char* module = R"(
import os, socket, time

async def pid() -> int:
    return os.getpid()

async def cut_lanes_and_block() -> None:
    """Ends every connection of the process, as a library that meddles with descriptors may."""
    for name in os.listdir("/proc/self/fd"):
        try:
            connection = socket.socket(fileno=os.dup(int(name)))
            if connection.type == socket.SOCK_STREAM:
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
    time.sleep(3600)
)";

TEST(Silence, IsWarnedOfAndALostLaneEndsItsWorker) {
  Scratch scratch;
  Records records;
  std::ofstream(scratch / "lanes.py") << module;
  auto options = shop_options(2);
  options.modules = {"lanes"};
  options.path = {scratch.path()};
  options.log = records.sink();
  const auto pool = start(options);
  const auto stopped = pool.workers().at(1);
  ASSERT_EQ(pool.call<int>("lanes.pid").get().value(), pool.workers().at(0).pid);
  ::kill(stopped.pid, SIGSTOP);
  const auto cut = pool.call<void>("lanes.cut_lanes_and_block").get();
  EXPECT_FAILS(cut, worker_lost, run, maybe_started);
  ASSERT_TRUE(eventually([&] { return records.find("worker 1 has not answered for 3000 ms").has_value(); }));
  EXPECT_EQ(records.find("worker 1 has not answered for 3000 ms")->level, LogLevel::warning);
  EXPECT_TRUE(records.find("ending worker 0: the connection of one of its lanes is lost"));
  // It is spared calls, and not killed; it may go on.
  for (int i = 0; i < 5; ++i) EXPECT_NE(pool.call<int>("lanes.pid").get().value(), stopped.pid);
  ::kill(stopped.pid, SIGCONT);
  ASSERT_TRUE(eventually([&] { return records.find("worker 1 answers again").has_value(); }));
  EXPECT_EQ(pool.workers().at(1).pid, stopped.pid);
}

}  // namespace
}  // namespace clutch::e2e
