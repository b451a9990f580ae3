// The end of a pool, and what a host may do to it: fork, ignore its children, leave from another thread.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

bool alive(int pid) { return ::kill(pid, 0) == 0; }

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    std::ifstream file(thread.path() / "children");
    for (pid_t child = 0; file >> child;) children.push_back(child);
  }
  return children;
}

TEST(Life, LeavesNothingBehind) {
  Scratch scratch;  // this test's alone: others put their sockets into the common directory meanwhile
  const auto runtime = scratch / "run";
  std::filesystem::create_directory(runtime);
  ::setenv("XDG_RUNTIME_DIR", runtime.c_str(), 1);
  static_cast<void>(shared_pool().call<int>("shop.echo", 1).get());  // what is made once is made
  { const auto warm = start(shop_options()); }
  const auto descriptors = open_descriptors();
  const auto entries = [&runtime] {
    const std::filesystem::directory_iterator all(runtime);
    return std::distance(begin(all), end(all));
  };
  const auto sockets = entries();  // the shared pool's
  EXPECT_GT(sockets, 0);
  int worker = 0;
  {
    const auto pool = start(shop_options());
    worker = pool.call<int>("shop.pid").get().value();
    EXPECT_TRUE(alive(worker));
  }
  EXPECT_FALSE(alive(worker));
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(entries(), sockets);
}

TEST(Life, LeavesTheHostsSignalsAlone) {
  std::vector<struct sigaction> before(NSIG);
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, nullptr, &before[static_cast<std::size_t>(number)]);
  const auto pool = start(shop_options());
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    EXPECT_EQ(now.sa_handler, before[static_cast<std::size_t>(number)].sa_handler) << "signal " << number;
  }
}

TEST(Life, HasOneProcessOfTheHostAndThatIsTheNursery) {
  const auto pool = start(shop_options(2));
  const auto children = children_of(::getpid());
  EXPECT_EQ(children, std::vector<pid_t>{pool.nursery_pid()});
  std::vector<pid_t> workers;
  for (const auto& worker : pool.workers()) workers.push_back(worker.pid);
  auto of_the_nursery = children_of(pool.nursery_pid());
  std::sort(workers.begin(), workers.end());
  std::sort(of_the_nursery.begin(), of_the_nursery.end());
  EXPECT_EQ(of_the_nursery, workers);
}

TEST(Life, EndingThePoolCancelsWhatIsUnderWay) {
  Scratch scratch;
  std::optional<Call<void>> call;
  {
    const auto pool = start(shop_options());
    call.emplace(pool.call<void>("shop.until_cancelled", scratch.path(), "call"));
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch / "call.begun"); }));
    EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);  // with it came the record that the other began
  }
  EXPECT_FAILS(call->get(), cancelled, run, started);
  EXPECT_TRUE(std::filesystem::exists(scratch / "call.finally"));
}

TEST(Life, EndingThePoolLetsDetachedCallsEnd) {
  Scratch scratch;
  {
    const auto pool = start(shop_options());
    pool.call<void>("shop.mark", scratch / "first", 0.2).detach();
    pool.call<int>("shop.ledger", scratch / "second", 1, 0.2).detach();
  }
  EXPECT_EQ(scratch.lines("first").size(), 1u);
  EXPECT_EQ(scratch.lines("second").size(), 1u);
}

TEST(Life, StopGivesCallsTheirTimeAndNoMore) {
  auto pool = start(shop_options());
  auto quick = pool.call<int>("shop.sleep", 0.2, 1);
  auto endless = pool.call<int>("shop.stubborn", 3600.0);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(pool.stop(500ms));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
  EXPECT_VALUE(quick.get(), 1);
  EXPECT_FAILS(endless.get(), worker_lost, run, started);
  EXPECT_FAILS(pool.call<int>("shop.echo", 1).get(), unavailable, transport, not_started);
}

TEST(Life, ACallerMayOutliveItsPool) {
  std::optional<Caller> caller;
  {
    const auto pool = start(shop_options());
    caller.emplace(pool.with({.timeout = 10s}));
    EXPECT_VALUE(caller->call<int>("shop.echo", 1).get(), 1);
  }
  EXPECT_FAILS(caller->call<int>("shop.echo", 1).get(), unavailable, transport, not_started);
}

TEST(Life, IsInertInAForkedChild) {
  auto pool = std::make_unique<Pool>(start(shop_options()));
  EXPECT_VALUE(pool->call<int>("shop.echo", 1).get(), 1);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto result = pool->call<int>("shop.echo", 1).get();
    const bool inert = !result.ok() && result.error().code == Code::unavailable;
    pool.reset();
    std::_Exit(inert ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  for (int i = 0; i < 100; ++i) EXPECT_VALUE(pool->call<int>("shop.echo", i).get(), i);
}

TEST(Life, OutlivesTheThreadThatStartedIt) {
  std::optional<Pool> pool;
  std::thread([&] { pool.emplace(start(shop_options())); }).join();
  EXPECT_VALUE(pool->call<int>("shop.echo", 1).get(), 1);
}

TEST(Life, NeedsNothingOfTheHostsChildren) {
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, &before);
  {
    const auto pool = start(shop_options());
    ::kill(pool.call<int>("shop.pid").get().value(), SIGKILL);
    EXPECT_TRUE(eventually([&] { return pool.call<int>("shop.echo", 1).get().ok(); }));
  }
  ::sigaction(SIGCHLD, &before, nullptr);
}

TEST(Life, SurvivesItsNursery) {
  Records records;
  auto options = shop_options(2);
  options.log = records.sink();
  const auto pool = start(options);
  const auto worker = pool.call<int>("shop.pid").get().value();
  const pid_t nursery = pool.nursery_pid();
  ::kill(nursery, SIGKILL);
  EXPECT_TRUE(eventually([&] { return !alive(worker); }));
  EXPECT_TRUE(eventually([&] { return pool.call<int>("shop.echo", 1).get().ok(); }));
  EXPECT_NE(pool.nursery_pid(), nursery);
  EXPECT_TRUE(records.find("the nursery is gone"));
}

}  // namespace
}  // namespace clutch::e2e
