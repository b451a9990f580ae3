// A PoolCore with everything around it faked: a clock that is set by hand, workers that do what a test tells them.
// Reads like the domain: pool.ready(2); auto call = pool.submit("m.f"); pool.worker(0).begins(call);
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/pool_core.hpp"

namespace clutch::core::test {

using namespace std::chrono_literals;

class FakePool;

/// What a test holds of a call. `id` is empty where the pool answered at once.
struct TestCall {
  std::uint64_t tag = 0;
  std::optional<CallId> id;
};

[[nodiscard]] Function function(std::string name, FunctionKind kind = FunctionKind::coroutine, std::uint32_t limit = 0,
                                bool per_pool = false);
/// m.f and m.g coroutines, m.plain in threads, m.two at most two a worker, m.one at most one in the pool; m.items an
/// async generator, m.steps a generator.
[[nodiscard]] Registration usual_functions();
/// A request of so many bytes.
[[nodiscard]] Request request_of(std::size_t bytes);

/// The other end of one worker's link: does only what it is told.
class FakeWorker {
 public:
  struct Received {
    std::uint64_t tag = 0;
    CallId call;
    std::uint64_t seq = 0;
    std::uint32_t function = 0;
    Execution execution = Execution::loop;
    Time expires = never;
    std::size_t request_bytes = 0;
    std::optional<StreamCredit> stream{};
  };

  FakeWorker(FakePool& pool, WorkerId id) : pool_(pool), id_(id) {}

  void registers(const Registration& registration = usual_functions());
  void fails_to_boot(const std::string& message = "No module named 'm'");
  /// Writes the page; nothing is told until it is read.
  void shows(const TestCall& call);
  /// Writes the page and says BEGUN.
  void begins(const TestCall& call);
  void says_begun(std::uint64_t loop, std::uint64_t thread);
  void returns(const TestCall& call, std::string_view value = "\x2a");
  void raises(const TestCall& call, Code code = Code::failed);
  /// Items of a stream, of so many bytes in all, after those that it gave before.
  void yields(const TestCall& call, std::uint32_t count, std::size_t bytes = 1);
  /// ITEM as it comes: `first` need not be right.
  void says_items(const TestCall& call, std::uint64_t first, std::uint32_t count, std::size_t bytes = 1);
  void says_flawed_items(const TestCall& call, std::uint32_t count);
  void ends(const TestCall& call) { says_end(call, yielded_[call.tag]); }
  void says_end(const TestCall& call, std::uint64_t items);
  void answers_ping(std::uint64_t n);
  void passes_over(const TestCall& call, Code code);
  void dies(int signal = 9, const std::string& python_stack = {});
  void exits(int status = 0);

  /// begins and returns.
  void runs(const TestCall& call) {
    begins(call);
    returns(call);
  }

  [[nodiscard]] bool has(const TestCall& call) const;
  [[nodiscard]] const Received& received(const TestCall& call) const;
  /// The tags of its RUNs, in the order of their coming.
  [[nodiscard]] std::vector<std::uint64_t> tags() const;
  /// 'c' for a caller's wish, 'd' for a deadline, 0 for none.
  [[nodiscard]] char cancel_of(const TestCall& call) const;
  /// What it was told in all: by RUN, or by CREDIT later.
  [[nodiscard]] StreamCredit credit_of(const TestCall& call) const;
  [[nodiscard]] const Worker& core() const;
  [[nodiscard]] WorkerState state() const { return core().state; }

  std::uint64_t incarnation = 0;
  bool stop_sent = false;
  std::uint64_t pinged = 0;  ///< the latest PING
  std::string killed;        ///< why, or empty
  std::array<std::uint64_t, executions> page{};
  Pulse pulse;
  bool ticks = true;  ///< its loop turns; false: its page stays as it is

 private:
  friend class FakePool;
  void end(const Exit& exit);
  [[nodiscard]] CallId executes(const TestCall& call) const;

  FakePool& pool_;
  WorkerId id_;
  Registration registered_;
  std::vector<Received> received_;
  std::map<std::uint64_t, char> cancels_;           // by seq
  std::map<std::uint64_t, StreamCredit> credits_;   // by seq
  std::map<std::uint64_t, std::uint64_t> yielded_;  // by tag
};

class FakePool {
 public:
  explicit FakePool(PoolCoreOptions options = {});

  /// So many workers, started and registered.
  void ready(std::uint32_t workers, const Registration& registration = usual_functions());
  void start(std::uint32_t workers);
  [[nodiscard]] FakeWorker& worker(std::size_t index) { return workers_.at(index); }

  struct Ask {
    std::optional<Duration> timeout{};
    std::optional<Duration> queue_timeout{};
    std::optional<Duration> attempt_timeout{};
    std::uint32_t session = 0;
    std::size_t bytes = 1;
    bool detached = false;
    Priority priority = Priority::normal;
    bool nested = false;
    std::string says{};  ///< its arguments: without them each call has its own
    std::optional<StreamCredit> stream{};
    std::string key{};  ///< its idempotency key
  };
  TestCall submit(std::string_view name, const Ask& ask);
  TestCall submit(std::string_view name) { return submit(name, Ask{}); }
  std::vector<TestCall> submit(std::string_view name, std::size_t count);
  /// m.items, or another, as a stream with so much credit.
  TestCall stream(StreamCredit credit = {100, 1000}, std::string_view name = "m.items");
  void credit(const TestCall& call, StreamCredit credit);
  void cancel(const TestCall& call);
  /// The same, for a receipt of that number.
  void cancel(const TestCall& call, std::uint64_t receipt);
  void close_session(std::uint32_t session);
  void pause(std::uint32_t session, bool paused = true);
  void drain(Duration within);

  /// Lets time pass as the shell does: wakes when the core wants it, reads the pages first.
  void advance(Duration by);
  void read_pages();
  /// The same, looking at the pages as often as the core wants them read.
  void watch(Duration by);
  /// Does what the core wants done. Every helper ends with it.
  void flush();

  [[nodiscard]] bool over(const TestCall& call) const { return outcomes_.contains(call.tag); }
  [[nodiscard]] testing::AssertionResult returned(const TestCall& call) const;
  [[nodiscard]] testing::AssertionResult ended(const TestCall& call, Code code, Certainty certainty,
                                               std::string_view says = {}) const;
  [[nodiscard]] const Error& error_of(const TestCall& call) const { return std::get<Error>(outcomes_.at(call.tag)); }
  /// Of a stream, that were handed on in their order.
  [[nodiscard]] std::uint64_t items(const TestCall& call) const;
  /// Nothing where it was not given yet.
  [[nodiscard]] std::optional<CancelReceipt> receipt(std::uint64_t number) const;
  /// How often an action of this type was wanted.
  template <class Action>
  [[nodiscard]] std::size_t count() const {
    std::size_t sum = 0;
    for (const auto& each : life) sum += std::holds_alternative<Action>(each);
    return sum;
  }
  /// Nothing is kept of calls that are over, and nothing counted twice or not at all.
  [[nodiscard]] testing::AssertionResult quiet();
  [[nodiscard]] PoolCore& core() { return *core_; }

  PoolCoreOptions options;
  Time now{std::chrono::hours(1000)};
  std::vector<LifeAction> life;
  std::vector<CallStep> steps;

 private:
  void do_life(const LifeAction& action);

  std::optional<PoolCore> core_;
  std::deque<FakeWorker> workers_;
  [[nodiscard]] std::uint64_t tag_of(CallId call) const;

  std::map<std::uint64_t, std::uint64_t> tags_;      // by CallId
  std::map<std::uint64_t, Outcome> outcomes_;        // by tag
  std::map<std::uint64_t, std::uint64_t> items_;     // by tag
  std::map<std::uint64_t, CancelReceipt> receipts_;  // by number
  std::uint64_t last_tag_ = 0;
  Time page_read_{};
};

struct PoolTest : testing::Test {
  FakePool pool;
};

// NOLINTBEGIN(cppcoreguidelines-macro-usage)
#define EXPECT_ENDED(call, code, certainty, ...) \
  EXPECT_TRUE(pool.ended(call, Code::code, Certainty::certainty __VA_OPT__(, ) __VA_ARGS__))
#define EXPECT_RETURNED(call) EXPECT_TRUE(pool.returned(call))
#define EXPECT_OPEN(call) EXPECT_FALSE(pool.over(call))
#define EXPECT_QUIET() EXPECT_TRUE(pool.quiet())
// NOLINTEND(cppcoreguidelines-macro-usage)

}  // namespace clutch::core::test
