// Streams and receipts, by a pool of the program's own and through a daemon: what comes out must be the same.
#include <signal.h>

#include <clutch/codec.hpp>
#include <clutch/combinators.hpp>
#include <clutch/pool.hpp>
#include <clutch/scope.hpp>
#include <clutch/value.hpp>
#include <coroutine>
#include <future>
#include <thread>

#include "support.hpp"
#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

struct Row {
  std::string name;
  double price = 0;
  std::vector<std::string> tags;
  friend bool operator==(const Row&, const Row&) = default;
};
CLUTCH_DEFINE(Row, name, price, tags)

std::filesystem::path modules() { return test::source_directory() / "tests/e2e/python"; }

std::string feeds_pool() {
  return "[pool.main]\nmodules = [\"feeds\"]\npath = [\"" + modules().string() + "\"]\npython = \"" +
         test::python().string() + "\"\ncancel_grace = \"300ms\"\nworkers = 2\n";
}

class SameStreams : public testing::TestWithParam<const char*> {
 protected:
  const Caller& caller = GetParam() == std::string("pool") ? of_a_pool() : through_a_daemon();
  const Scratch scratch;

  template <class T>
  static Result<T> next(Stream<T>& stream) {
    auto item = stream.next().get();
    if (!item) throw std::logic_error("the stream has ended");
    return std::move(*item);
  }
  template <class T>
  static std::vector<T> values(Stream<T> stream) {
    std::vector<T> values;
    for (Result<T> item : stream) values.push_back(std::move(item).value());
    return values;
  }
  static std::vector<int> first(int n) {
    std::vector<int> numbers(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) numbers[static_cast<std::size_t>(i)] = i;
    return numbers;
  }
  int made(const std::string& key) const { return caller.call<int>("feeds.made_so_far", key).get().value(); }

 private:
  static const Caller& of_a_pool() {
    PoolOptions options;
    options.modules = {"feeds"};
    options.path = {modules()};
    options.python = test::python().string();
    options.cancel_grace = 300ms;
    options.workers = 2;
    static const Pool pool = Pool::start(options).value();
    return pool;
  }
  static const Caller& through_a_daemon() {
    static Daemon daemon(feeds_pool());
    static const Client client = daemon.connect();
    return client;
  }
};

INSTANTIATE_TEST_SUITE_P(By, SameStreams, testing::Values("pool", "daemon"),
                         [](const auto& which) { return std::string(which.param); });

TEST_P(SameStreams, ReadAsyncGeneratorsToTheirEnd) {
  EXPECT_EQ(values(caller.stream<int>("feeds.count", 5)), first(5));
  EXPECT_EQ(values(caller.stream<int>("feeds.count", 0)), first(0));
  EXPECT_EQ(values(caller.stream<int>("feeds.count", 100'000)), first(100'000));
  EXPECT_EQ(values(caller.stream<int>("feeds.ticks", 5, 0.01)), first(5));
}

TEST_P(SameStreams, ReadWhatACoroutineReturnsAndGeneratorsInThreads) {
  EXPECT_EQ(values(caller.stream<int>("feeds.opened", 50)), first(50));
  EXPECT_EQ(values(caller.stream<int>("feeds.steps", 20'000)), first(20'000));
  EXPECT_EQ(values(caller.stream<int>("feeds.opened_plainly", 50)), first(50));
}

TEST_P(SameStreams, CarryValues) {
  const auto rows = values(caller.stream<Row>("feeds.rows", 1000));
  ASSERT_EQ(rows.size(), 1000u);
  EXPECT_EQ(rows[7], (Row{"row 7", 3.5, {"a", "b"}}));
  for (const std::size_t size : {100u, 70'000u, 1u << 20}) {
    const auto blobs = values(caller.stream<Bytes>("feeds.blobs", 9, size));
    ASSERT_EQ(blobs.size(), 9u);
    for (std::size_t i = 0; i < 9; ++i) {
      ASSERT_EQ(blobs[i].size(), size);
      EXPECT_EQ(blobs[i].span().back(), static_cast<std::byte>(i));
    }
  }
}

// Each item is awaited by the generator itself: one that was held back would hold up all.
TEST_P(SameStreams, GiveItemsAsTheyAreProduced) {
  int expected = 0;
  for (Result<int> item : caller.stream<int>("feeds.each_waits_for_a_file", scratch / "", 20)) {
    ASSERT_TRUE(item.ok()) << describe(item.error());
    EXPECT_EQ(item.value(), expected);
    static_cast<void>(scratch.write(std::to_string(expected++), ""));
  }
  EXPECT_EQ(expected, 20);
}

TEST_P(SameStreams, GiveItemsOfSlowGeneratorsInThreadsAsTheyAreProduced) {
  auto stream = caller.stream<int>("feeds.steps", 2, 0.2);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_VALUE(next(stream), 0);
  const auto at_first = std::chrono::steady_clock::now() - begin;
  EXPECT_VALUE(next(stream), 1);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, at_first + 100ms);
  EXPECT_EQ(stream.next().get(), std::nullopt);
}

TEST_P(SameStreams, EndWithTheirExceptionAndSayHowManyItemsCame) {
  std::vector<int> got;
  std::optional<Error> last;
  for (Result<int> item : caller.stream<int>("feeds.fails_after", 700)) {
    ASSERT_FALSE(last);
    if (item.ok()) got.push_back(item.value());
    if (!item.ok()) last = item.error();
  }
  EXPECT_EQ(got, first(700));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->code, Code::failed);
  EXPECT_EQ(last->items, 700u);
  ASSERT_TRUE(last->exception);
  EXPECT_EQ(last->exception->type, "ValueError");
  EXPECT_NE(last->exception->traceback.find("feeds.py"), std::string::npos);
}

TEST_P(SameStreams, AreLostWithTheirWorkerAndSayHowManyItemsCame) {
  const auto got = caller.stream<int>("feeds.dies_after", 30).collect(1000).get();
  EXPECT_FAILS(got, worker_lost, started);
  EXPECT_EQ(got.error().items, 30u);
  EXPECT_EQ(got.error().exit_code, 3u);
}

TEST_P(SameStreams, EndAtAnItemThatDoesNotCross) {
  const auto got = caller.stream<int>("feeds.bad_item", 3).collect(1000).get();
  EXPECT_FAILS(got, invalid_argument, started);
  EXPECT_EQ(to_string(got.error().stage), "result");
  EXPECT_EQ(got.error().items, 3u);
  EXPECT_NE(got.error().message.find("item 3"), std::string::npos) << got.error().message;
}

TEST_P(SameStreams, AnItemThatFitsNoTEndsThem) {
  const auto got = caller.stream<int>("feeds.rows", 3).collect(1000).get();
  EXPECT_FAILS(got, invalid_argument, started);
}

TEST_P(SameStreams, SayWhatIsNoStreamAndWhatIsOne) {
  const auto no_iterator = caller.stream<int>("feeds.no_iterator").collect(1).get();
  EXPECT_FAILS(no_iterator, invalid_argument, started);
  EXPECT_NE(no_iterator.error().message.find("call it with call"), std::string::npos);
  const auto called = caller.call<Value>("feeds.count", 3).get();
  EXPECT_FAILS(called, invalid_argument, not_started);
  EXPECT_NE(called.error().message.find("read it with stream"), std::string::npos);
  EXPECT_FAILS(caller.stream<int>("feeds.cuont", 1).collect(1).get(), not_found, not_started);
  EXPECT_FAILS(caller.stream<int>("feeds.count", "x").collect(1).get(), invalid_argument, not_started);
}

TEST_P(SameStreams, SuspendTheGeneratorOfAReaderThatStands) {
  const auto slow = caller.with({.stream_window_items = 10});
  auto stream = slow.stream<int>("feeds.endless", "stands");
  EXPECT_VALUE(next(stream), 1);
  ASSERT_TRUE(eventually([&] { return made("stands") >= 10; }));
  std::this_thread::sleep_for(100ms);
  EXPECT_LE(made("stands"), 12);  // what it may produce, and what was taken
  // Another is not held up by it.
  EXPECT_EQ(values(caller.stream<int>("feeds.count", 50'000)), first(50'000));
  for (int i = 2; i <= 100; ++i) EXPECT_VALUE(next(stream), i);
  EXPECT_LE(made("stands"), 112);
}

TEST_P(SameStreams, CountBytesTooAndLetOneItemThrough) {
  const auto narrow = caller.with({.stream_window_bytes = 1000});
  auto stream = narrow.stream<Bytes>("feeds.endless", "bytes", "", 300'000);
  ASSERT_TRUE(eventually([&] { return made("bytes") >= 1; }));
  std::this_thread::sleep_for(50ms);
  EXPECT_LE(made("bytes"), 2);
  for (int i = 0; i < 20; ++i) {
    const auto item = stream.next().get();
    ASSERT_TRUE(item && item->ok());
    EXPECT_EQ(item->value().size(), 300'000u);
  }
}

TEST_P(SameStreams, CloseTheGeneratorOfAReaderThatLeaves) {
  for (Result<int> item : caller.stream<int>("feeds.endless", "leaves", scratch / "log")) {
    if (item.value() == 5) break;
  }
  ASSERT_TRUE(eventually([&] { return lines_of(scratch / "log").size() >= 2; }));
  EXPECT_EQ(lines_of(scratch / "log"), (std::vector<std::string>{"GeneratorExit", "closed"}));
}

TEST_P(SameStreams, CloseOneThatWaitsWithinAndOneInAThread) {
  {
    auto waiting = caller.stream<int>("feeds.waits", scratch / "waits");
    auto steps = caller.stream<int>("feeds.endless_steps", "leaves steps", scratch / "steps");
    EXPECT_VALUE(next(waiting), 1);
    EXPECT_VALUE(next(steps), 1);
  }
  ASSERT_TRUE(eventually([&] { return !lines_of(scratch / "waits").empty() && !lines_of(scratch / "steps").empty(); }));
}

TEST_P(SameStreams, HaveATimeoutForAllOfThem) {
  const auto got = caller.with({.timeout = 700ms}).stream<int>("feeds.ticks", 1000, 0.01).collect(1000).get();
  EXPECT_FAILS(got, deadline_exceeded, started);
  EXPECT_EQ(got.error().message.find("timeout expired"), 0u) << got.error().message;
  EXPECT_GT(got.error().items.value_or(0), 0u);
}

TEST_P(SameStreams, HaveAnAttemptTimeoutFromItemToItem) {
  const auto patient = caller.with({.attempt_timeout = 1s});
  EXPECT_EQ(values(patient.stream<int>("feeds.ticks", 6, 0.3)), first(6));
  const auto got = patient.stream<int>("feeds.waits", scratch / "log").collect(10).get();
  EXPECT_FAILS(got, deadline_exceeded, started);
  EXPECT_NE(got.error().message.find("attempt_timeout expired in `feeds.waits` while item 2 was waited for"),
            std::string::npos)
      << got.error().message;
  ASSERT_TRUE(eventually([&] { return !lines_of(scratch / "log").empty(); }));  // it is closed
}

TEST_P(SameStreams, DoNotCountTheTimeOfTheirReader) {
  auto stream = caller.with({.attempt_timeout = 600ms, .stream_window_items = 2}).stream<int>("feeds.count", 8);
  for (int i = 0; i < 8; ++i) {
    EXPECT_VALUE(next(stream), i);
    if (i < 2) std::this_thread::sleep_for(800ms);
  }
}

TEST_P(SameStreams, AreTriedAgainOnlyBeforeTheFirstItem) {
  const auto retrying =
      caller.with({.retry = RetryPolicy{.attempts = 3, .delay = 1ms, .exceptions = {"ConnectionError"}}});
  EXPECT_EQ(values(retrying.stream<int>("feeds.fails_first", scratch / "none", 2, 0)), first(3));
  EXPECT_EQ(lines_of(scratch / "none").size(), 3u);
  const auto got = retrying.stream<int>("feeds.fails_first", scratch / "some", 2, 1).collect(10).get();
  EXPECT_FAILS(got, failed, started);
  EXPECT_EQ(got.error().items, 1u);
  EXPECT_EQ(lines_of(scratch / "some").size(), 1u);
}

TEST_P(SameStreams, CanBeCollectedAndReadByCallbacks) {
  EXPECT_VALUE(caller.stream<int>("feeds.count", 1000).collect(1000).get(), first(1000));
  EXPECT_VALUE(caller.stream<int>("feeds.endless", "collect").collect(3).get(), (std::vector<int>{1, 2, 3}));
  int sum = 0;
  EXPECT_VALUE(caller.stream<int>("feeds.count", 1000).for_each([&](int item) { sum += item; }).get(), 1000u);
  EXPECT_EQ(sum, 999 * 500);
  EXPECT_VALUE(caller.stream<int>("feeds.endless", "each").for_each([](int item) { return item < 7; }).get(), 7u);
  EXPECT_FAILS(caller.stream<int>("feeds.fails_after", 3).for_each([](int) {}).get(), failed, started);
}

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached read_all(Stream<int> stream, std::promise<std::vector<int>>& done) {
  std::vector<int> got;
  while (auto item = co_await stream.next()) got.push_back(item->value());
  done.set_value(std::move(got));
}

TEST_P(SameStreams, CanBeAwaited) {
  std::promise<std::vector<int>> done;
  read_all(caller.stream<int>("feeds.ticks", 20, 0.001), done);
  EXPECT_EQ(done.get_future().get(), first(20));
}

TEST_P(SameStreams, HaveTypedHandles) {
  const auto count = caller.function<Stream<int>(int)>("feeds.count");
  EXPECT_EQ(values(count(3)), first(3));
}

TEST_P(SameStreams, GiveAReceiptOfTheirCancel) {
  auto parked = caller.with({.stream_window_items = 1}).stream<int>("feeds.endless", "receipt", scratch / "log");
  EXPECT_VALUE(next(parked), 1);
  const auto receipt = parked.cancel().get();
  ASSERT_TRUE(receipt.ok()) << describe(receipt.error());
  EXPECT_EQ(to_string(receipt.value().what), "unwound");
  EXPECT_EQ(lines_of(scratch / "log").size(), 2u);  // its finally has run by then
  const auto end = parked.next().get();
  ASSERT_TRUE(end);
  EXPECT_FAILS(*end, cancelled, started);
  EXPECT_EQ(to_string(parked.cancel().get().value().what), "already_finished");
}

TEST_P(SameStreams, GiveAReceiptOfCalls) {
  const auto begun = [this](const std::string& name) {
    return eventually([&] { return !lines_of(scratch / name).empty(); });
  };
  auto nap = caller.call<double>("feeds.nap", 60.0, scratch / "nap");
  ASSERT_TRUE(begun("nap"));
  EXPECT_EQ(to_string(nap.cancel().get().value().what), "unwound");
  EXPECT_FAILS(nap.get(), cancelled, started);

  std::string where;
  for (int i = 0; i < 3 && where.empty(); ++i) {  // a busy machine may not tell in time
    const auto name = "stubborn " + std::to_string(i);
    auto stubborn = caller.call<std::string>("feeds.stubborn", 2.0, scratch / name);
    ASSERT_TRUE(begun(name));
    const auto ignored = stubborn.cancel().get().value();
    EXPECT_EQ(to_string(ignored.what), "ignored");
    EXPECT_GE(ignored.after, 300ms);
    EXPECT_FAILS(stubborn.get(), cancelled, started);
    where = ignored.where;
  }
  EXPECT_NE(where.find("in stubborn"), std::string::npos) << where;

  auto done = caller.call<int>("feeds.pid");
  ASSERT_TRUE(done.wait_for(10s));
  EXPECT_EQ(to_string(done.cancel().get().value().what), "already_finished");

  auto lost = caller.call<std::string>("feeds.stubborn", 60.0, scratch / "lost");
  ASSERT_TRUE(begun("lost"));
  const auto worker = std::stoi(lines_of(scratch / "lost").at(0));
  auto receipt = lost.cancel();
  ::kill(worker, SIGKILL);
  EXPECT_EQ(to_string(receipt.get().value().what), "worker_killed");
}

TEST_P(SameStreams, TellsTheErrorOfAGeneratorThatIgnoresItsClosingAndTheWorkerLives) {
  auto stream = caller.with({.stream_window_items = 1}).stream<int>("feeds.ignores_exit");
  EXPECT_VALUE(next(stream), 1);
  EXPECT_EQ(to_string(stream.cancel().get().value().what), "already_finished");  // its error is not the cancel's
  const auto end = stream.next().get();
  ASSERT_TRUE(end);
  EXPECT_FAILS(*end, failed, started);
  EXPECT_NE(end->error().message.find("ignored GeneratorExit"), std::string::npos) << end->error().message;
  EXPECT_TRUE(caller.call<int>("feeds.pid").get().ok());
}

TEST_P(SameStreams, AScopeCancelsWhatIsLeftAtItsEnd) {
  {
    Scope scope(caller);
    auto stream = scope.stream<int>("feeds.waits", scratch / "log");
    EXPECT_VALUE(next(stream), 1);
    scope.call<double>("feeds.nap", 60.0).detach();
    auto nap = scope.call<double>("feeds.nap", 60.0);
    auto other = scope.call<int>("feeds.pid");
    ASSERT_TRUE(other.wait_for(10s));
    EXPECT_FALSE(nap.ready());
  }
  EXPECT_TRUE(eventually([&] { return lines_of(scratch / "log") == std::vector<std::string>{"closed"}; }));
}

TEST_P(SameStreams, AScopeCancelsTheRestWhenOneFails) {
  Scope scope(caller);
  auto nap = scope.call<double>("feeds.nap", 60.0);
  auto stream = scope.stream<int>("feeds.waits", scratch / "log");
  EXPECT_VALUE(next(stream), 1);
  EXPECT_FAILS(scope.stream<int>("feeds.fails_after", 2).collect(10).get(), failed, started);
  EXPECT_FAILS(scope.wait(), failed, started);
  EXPECT_EQ(scope.error()->items, 2u);
  EXPECT_FAILS(nap.get(), cancelled, started);
  EXPECT_FAILS(scope.call<int>("feeds.pid").get(), cancelled, not_started);
  EXPECT_TRUE(eventually([&] { return !lines_of(scratch / "log").empty(); }));
}

TEST_P(SameStreams, ARaceAndATryJoinCancelTheRestOfCallsAndStreams) {
  auto raced = caller.stream<int>("feeds.endless", "raced", scratch / "raced");
  auto joined = caller.stream<int>("feeds.endless", "joined", scratch / "joined");
  EXPECT_VALUE(next(raced), 1);  // both have begun
  EXPECT_VALUE(next(joined), 1);
  const auto first = race(raced.for_each([](int) {}), caller.stream<int>("feeds.count", 3).for_each([](int) {})).get();
  EXPECT_VALUE(first, 3u);
  const auto both = try_join(joined.for_each([](int) {}), caller.stream<int>("feeds.fails_after", 3).collect(9)).get();
  EXPECT_FAILS(both, failed, started);
  EXPECT_TRUE(
      eventually([&] { return lines_of(scratch / "raced").size() == 2 && lines_of(scratch / "joined").size() == 2; }));
}

TEST_P(SameStreams, AThousandAtOnce) {
  std::vector<Call<std::vector<int>>> all;
  for (int i = 0; i < 1000; ++i) all.push_back(caller.stream<int>("feeds.ticks", 5, 0.001).collect(10));
  std::vector<Stream<int>> stalled;
  for (int i = 0; i < 1000; ++i) {
    stalled.push_back(caller.with({.stream_window_items = 2}).stream<int>("feeds.endless", "many"));
  }
  for (auto& each : all) EXPECT_VALUE(each.get(), first(5));
  for (auto& each : stalled) {
    const auto item = each.next().get();
    ASSERT_TRUE(item && item->ok());
  }
}

}  // namespace
}  // namespace clutch::daemon_test
