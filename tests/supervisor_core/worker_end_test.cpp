// How the log tells of a worker's end.
#include "io/worker_end.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "io/oom_watch.hpp"

namespace clutch::io {
namespace {

using core::WorkerState;

WorkerEnd killed_by(int signal) {
  WorkerEnd end{.worker = {2}, .pid = 77};
  end.exit.signal = signal;
  end.next_in = core::Duration(0);
  return end;
}

WorkerEnd exited_with(int status, WorkerState was) {
  WorkerEnd end{.worker = {2}, .pid = 77};
  end.exit.status = status;
  end.was = was;
  return end;
}

TEST(WorkerEnd, OfAReadyOneIsAWarningThatSaysWhatToLookAt) {
  auto end = killed_by(SIGKILL);
  end.lost = 1;
  end.requeued = 3;
  EXPECT_EQ(level_of(end), LogLevel::warning);
  EXPECT_EQ(describe(end),
            "worker 2 (pid 77) was killed by signal 9 (SIGKILL); 1 call ended as worker_lost; 3 calls it had not begun "
            "wait for another worker; another is started. If nobody killed it, the kernel did for want of memory: see "
            "`dmesg`");
}

TEST(WorkerEnd, ForWantOfMemoryIsToldAsThat) {
  auto end = killed_by(SIGKILL);
  end.exit.out_of_memory = true;
  EXPECT_NE(describe(end).find("The kernel killed it for want of memory"), std::string::npos);
}

TEST(WorkerEnd, HasAReason) {
  const auto reason = [](int signal, bool out_of_memory = false) {
    core::Exit exit;
    exit.signal = signal;
    exit.out_of_memory = out_of_memory;
    return core::reason_of(exit);
  };
  EXPECT_EQ(reason(0), core::EndReason::exit);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) EXPECT_EQ(reason(signal), core::EndReason::crash);
  EXPECT_EQ(reason(SIGTERM), core::EndReason::signal);
  EXPECT_EQ(reason(SIGKILL), core::EndReason::signal);
  EXPECT_EQ(reason(SIGKILL, true), core::EndReason::oom);
}

TEST(OomWatchTest, TellsAKillOnce) {
  const auto path = std::filesystem::temp_directory_path() / ("clutch-oom-" + std::to_string(::getpid()));
  std::ofstream(path) << "low 0\noom 4\noom_kill 1\n";
  OomWatch watch(path);
  EXPECT_FALSE(watch.fired());
  std::ofstream(path) << "low 0\noom 5\noom_kill 2\n";
  EXPECT_TRUE(watch.fired());
  EXPECT_FALSE(watch.fired());
  std::filesystem::remove(path);
  EXPECT_FALSE(watch.fired());
}

TEST(WorkerEnd, OfACrashTellsTheStackWhereNoCallDoes) {
  auto end = killed_by(SIGSEGV);
  end.exit.python_stack = "File \"m.py\"";
  EXPECT_NE(describe(end).find("its Python stack was: File \"m.py\""), std::string::npos);
  end.lost = 2;
  EXPECT_NE(describe(end).find("the calls' errors have the Python stack"), std::string::npos);
  EXPECT_EQ(describe(end).find("m.py"), std::string::npos);
}

TEST(WorkerEnd, WhereItWasToldToStopIsNoWarning) {
  auto end = exited_with(0, WorkerState::stopping);
  EXPECT_EQ(level_of(end), LogLevel::info);
  EXPECT_EQ(describe(end), "worker 2 (pid 77) exited with status 0");
  end.exit.status = 1;
  EXPECT_EQ(level_of(end), LogLevel::warning);
  EXPECT_NE(describe(end).find("while it was to stop"), std::string::npos);
}

TEST(WorkerEnd, OfItsOwnAccordIsAWarningWithStatusZeroToo) {
  const auto end = exited_with(0, WorkerState::ready);
  EXPECT_EQ(level_of(end), LogLevel::warning);
  EXPECT_NE(describe(end).find("os._exit"), std::string::npos);
}

TEST(WorkerEnd, OfOneThatWasBeingReplacedTellsWhyItDidNotStart) {
  auto end = exited_with(1, WorkerState::booting);
  end.boot_error = "No module named 'm'";
  end.next_in = std::chrono::milliseconds(500);
  EXPECT_EQ(level_of(end), LogLevel::warning);
  EXPECT_EQ(
      describe(end),
      "worker 2 (pid 77) exited with status 1 while it started: No module named 'm'; another is started in 500 ms");
}

TEST(WorkerEnd, ThatOthersTellIsNoSecondWarning) {
  auto end = killed_by(SIGKILL);
  end.was = WorkerState::condemned;
  EXPECT_EQ(level_of(end), LogLevel::info);
  end = killed_by(SIGKILL);
  end.announced = true;
  EXPECT_EQ(level_of(end), LogLevel::info);
  end = exited_with(1, WorkerState::booting);
  end.told_at_start = true;
  end.boot_error = "No module named 'm'";
  EXPECT_EQ(level_of(end), LogLevel::info);
  EXPECT_EQ(describe(end), "worker 2 (pid 77) exited with status 1");
}

}  // namespace
}  // namespace clutch::io
