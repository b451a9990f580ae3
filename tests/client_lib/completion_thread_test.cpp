#include "clutch/detail/completion_thread.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <numeric>
#include <thread>

#include "client_lib/support.hpp"

namespace clutch::testing_support {
namespace {

using detail::CompletionThread;

void post(CompletionThread& thread, std::function<void()> f) {
  thread.post(
      [](void* argument) {
        const std::unique_ptr<std::function<void()>> run(static_cast<std::function<void()>*>(argument));
        (*run)();
      },
      new std::function<void()>(std::move(f)));
}

std::size_t threads_now() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) count += entry.exists() ? 1 : 0;
  return count;
}

TEST(CompletionThread, IsStartedByTheFirstPost) {
  std::thread([] {}).join();  // ThreadSanitizer starts one of its own beside the first
  const std::size_t before = threads_now();
  CompletionThread thread;
  EXPECT_EQ(threads_now(), before);
  std::promise<bool> current;
  post(thread, [&] { current.set_value(thread.is_current()); });
  EXPECT_TRUE(current.get_future().get());
  EXPECT_EQ(threads_now(), before + 1);
  EXPECT_FALSE(thread.is_current());
}

TEST(CompletionThread, RunsInOrderAndWhatIsLeftAtItsEnd) {
  std::vector<int> ran;
  {
    CompletionThread thread;
    std::promise<void> open;
    std::shared_future<void> gate = open.get_future().share();
    post(thread, [gate] { gate.wait(); });
    for (int i = 0; i < 1000; ++i) post(thread, [&, i] { ran.push_back(i); });
    open.set_value();
  }
  std::vector<int> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(ran, expected);
}

TEST(CompletionThread, RunsWhatATaskPostsDuringTheEnd) {
  int ran = 0;
  {
    CompletionThread thread;
    post(thread, [&] {
      ++ran;
      post(thread, [&] { ++ran; });
    });
  }
  EXPECT_EQ(ran, 2);
}

TEST(CompletionThread, TakesFromManyThreads) {
  std::atomic<int> ran = 0;
  {
    CompletionThread thread;
    std::vector<std::thread> posters;
    for (int t = 0; t < 4; ++t) {
      posters.emplace_back([&] {
        for (int i = 0; i < 5000; ++i) post(thread, [&] { ++ran; });
      });
    }
    for (std::thread& poster : posters) poster.join();
  }
  EXPECT_EQ(ran, 20'000);
}

TEST(CompletionThread, MayBeDestroyedOnItself) {
  auto thread = std::make_unique<CompletionThread>();
  std::promise<void> ran;
  post(*thread, [&] {
    // What was posted before still runs, on the thread that is then nobody's.
    post(*thread, [&] { ran.set_value(); });
    thread.reset();
  });
  ran.get_future().get();
}

TEST(CompletionThread, GetsNoneOfTheHostsSignals) {
  CompletionThread thread;
  std::promise<bool> blocked;
  post(thread, [&] {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    blocked.set_value(sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGCHLD) == 1);
  });
  EXPECT_TRUE(blocked.get_future().get());
  sigset_t mine;
  pthread_sigmask(SIG_BLOCK, nullptr, &mine);
  EXPECT_EQ(sigismember(&mine, SIGINT), 0) << "the caller's mask is as it was";
}

#if !defined(__SANITIZE_THREAD__)  // which ends a forked child that starts a thread
TEST(CompletionThread, AForkedChildHasItsOwnAndTheParentsIsUnharmed) {
  auto thread = std::make_unique<CompletionThread>();
  std::promise<void> started;
  post(*thread, [&] { started.set_value(); });
  started.get_future().get();
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    std::promise<void> ran;
    post(*thread, [&] { ran.set_value(); });
    ran.get_future().get();
    thread.reset();
    CompletionThread* unused = new CompletionThread;
    delete unused;
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  std::promise<void> again;
  post(*thread, [&] { again.set_value(); });
  again.get_future().get();
}
#endif

}  // namespace
}  // namespace clutch::testing_support
