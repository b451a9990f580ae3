// What the reader of a stream gives its engine: credit, and the word that it leaves.
#include <numeric>
#include <thread>

#include "client_lib/stream_fixture.hpp"
#include "clutch/protocol/limits.hpp"

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

// Credit

TEST_F(StreamTest, TheWindowIsAnOption) {
  auto plain = pool.stream<int>("m.gen");
  EXPECT_EQ(engine.credit(0), (StreamCredit{limits::stream_window_items, limits::stream_window_bytes}));
  auto items = windowed(10);
  EXPECT_EQ(engine.credit(1), (StreamCredit{10, limits::stream_window_bytes}));
  const Caller both = pool.with({.stream_window_items = 10}).with({.stream_window_bytes = 99});
  auto merged = both.stream<int>("m.gen");
  EXPECT_EQ(engine.credit(2), (StreamCredit{10, 99}));
}

TEST_F(StreamTest, CreditIsGivenForEachQuarterOfTheWindowThatIsRead) {
  auto stream = windowed(8, 1000);
  push({1, 2, 3});
  push({4, 5});
  EXPECT_EQ(engine.credits, 0) << "what is not read is not taken";
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 0);
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 1);
  EXPECT_EQ(engine.credit(0), (StreamCredit{10, 1000})) << "the bytes of a batch count when all of it is read";
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credit(0), (StreamCredit{10, 1000}));
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credit(0), (StreamCredit{12, 1004}));
  EXPECT_EQ(engine.credits, 2);
}

TEST_F(StreamTest, CreditIsGivenForAQuarterOfTheBytes) {
  auto stream = pool.with({.stream_window_bytes = 40}).stream<std::string>("m.gen");
  engine.push(0, std::vector<std::string>{"12345678"});  // 10 bytes
  engine.push(0, std::vector<std::string>{"1"});
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 1);
  EXPECT_EQ(engine.credit(0), (StreamCredit{limits::stream_window_items + 1, 50}));
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 1);
}

TEST_F(StreamTest, CreditCountsFrames) {
  auto stream = pool.with({.stream_window_bytes = 100}).stream<Bytes>("m.gen");
  StreamItems items = items_of(std::vector<Bytes>{Bytes()});
  items.frames.push_back({std::uint32_t{0}, Bytes(std::vector<std::byte>(1000))});
  const std::size_t bytes = items.bytes();
  engine.push(0, std::move(items));
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credit(0).bytes, 100 + bytes);
}

TEST_F(StreamTest, TheEngineIsToldOfCreditOnceUntilItLooks) {
  auto stream = windowed(4);
  push({1, 2, 3, 4, 5, 6});
  for (int i = 0; i < 3; ++i) static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 1);
  EXPECT_EQ(engine.credit(0).items, 7U);
  static_cast<void>(stream.next().get());
  EXPECT_EQ(engine.credits, 2);
  EXPECT_EQ(engine.credit(0).items, 8U);
}

TEST_F(StreamTest, AWindowOfOneAndOneOfAllThereIs) {
  auto one = windowed(1, 1);
  push({1});
  static_cast<void>(one.next().get());
  EXPECT_EQ(engine.credit(0), (StreamCredit{2, 3}));
  auto all = windowed(UINT64_MAX, UINT64_MAX);
  engine.push(1, std::vector<int>{1, 2});
  static_cast<void>(all.next().get());
  EXPECT_EQ(engine.credit(1), (StreamCredit{UINT64_MAX, UINT64_MAX}));
}

TEST_F(StreamTest, NoCreditIsGivenOfAStreamThatIsOver) {
  auto stream = windowed(1);
  push({1, 2});
  finish();
  EXPECT_THAT(values_of(stream), ElementsAre(1, 2));
  EXPECT_EQ(engine.credits, 0);
}

TEST_F(StreamTest, CreditIsMonotoneAndReachesAnEngineThatReadsItOnAnotherThread) {
  constexpr std::uint64_t total = 20'000;
  auto stream = windowed(64, 4096);
  std::thread producer([&] {
    std::uint64_t sent = 0;
    StreamCredit before{};
    while (sent < total) {
      const StreamCredit credit = engine.credit(0);
      EXPECT_TRUE(credit.items >= before.items && credit.bytes >= before.bytes);
      before = credit;
      if (credit.items == sent) std::this_thread::yield();
      const auto now = std::min<std::uint64_t>({credit.items - sent, 7, total - sent});
      if (now == 0) continue;
      std::vector<int> batch(now);
      std::iota(batch.begin(), batch.end(), static_cast<int>(sent));
      push(batch);
      sent += now;
    }
    finish();
  });
  int expected = 0;
  for (Result<int> item : stream) EXPECT_EQ(item.value(), expected++);
  EXPECT_EQ(expected, static_cast<int>(total));
  producer.join();
}

// Leaving

TEST_F(StreamTest, DestroyingAStreamThatIsNotOverCancelsItAndDropsWhatCame) {
  engine.ignore_cancels = true;
  auto large = std::make_shared<std::vector<std::byte>>(10);
  const std::weak_ptr<void> watch = large;
  {
    auto stream = pool.stream<Bytes>("m.gen");
    StreamItems items = items_of(std::vector<Bytes>{Bytes()});
    const std::span<const std::byte> bytes = *large;
    items.frames.push_back({std::uint32_t{0}, Bytes(bytes, std::move(large))});
    engine.push(0, std::move(items));
  }
  EXPECT_EQ(engine.cancels, 1);
  EXPECT_TRUE(watch.expired());
  push({1}), finish();
  {
    auto stream = pool.stream<int>("m.gen");
    finish(1);
  }
  EXPECT_EQ(engine.cancels, 1) << "one that is over not";
  auto stream = pool.stream<int>("m.gen");
  stream = pool.stream<int>("m.gen");
  EXPECT_EQ(engine.cancels, 2);
  fail(Code::cancelled, 2);
  fail(Code::cancelled, 3);
}

TEST_F(StreamTest, ACancelDropsWhatCameAndGivesTheError) {
  auto stream = pool.stream<int>("m.gen");
  push({1, 2, 3});
  push({4});
  EXPECT_EQ(stream.next().get()->value(), 1);
  stream.cancel();
  EXPECT_EQ(stream.next().get()->error().code, Code::cancelled);
  EXPECT_FALSE(stream.next().get());
}

TEST_F(StreamTest, ACancelFromElsewhereEndsAnUnfinishedBatchToo) {
  engine.ignore_cancels = true;
  auto stream = pool.stream<int>("m.gen");
  const CancelHandle handle = stream.cancel_handle();
  push({1, 2, 3});
  EXPECT_EQ(stream.next().get()->value(), 1);
  std::thread([&] { handle.cancel(); }).join();
  push({4});
  EXPECT_FALSE(stream.next().wait_for(0s));
  finish();
  const auto last = stream.next().get();
  ASSERT_TRUE(last) << "not silently cut short";
  EXPECT_EQ(last->error().code, Code::cancelled);
  EXPECT_EQ(last->error().items, 1U);
}

TEST_F(StreamTest, ACancelOfAStreamThatWasReadWhollyChangesNothing) {
  auto stream = pool.stream<int>("m.gen");
  push({1});
  finish();
  EXPECT_EQ(stream.next().get()->value(), 1);
  EXPECT_EQ(stream.cancel().get().value().what, CancelEnd::already_finished);
  EXPECT_FALSE(stream.next().get());
  EXPECT_EQ(engine.cancels, 0);
}

TEST_F(StreamTest, LeavingRacesWhatIsPushed) {
  for (std::size_t round = 0; round < 300; ++round) {
    std::optional<Stream<int>> stream(pool.stream<int>("m.gen"));
    std::thread producer([&] {
      const detail::CallRef call = engine.call(round);
      for (int i = 0; call && i < 20; ++i) call->stream()->push(items_of(std::vector<int>{i}));
      engine.complete(round, Reply{});
    });
    if (round % 3 != 0) static_cast<void>(stream->next().get());
    stream.reset();
    producer.join();
  }
}

TEST_F(StreamTest, AStreamOutlivesItsPool) {
  std::optional<ManualPool> gone(std::in_place);
  auto stream = gone->stream<int>("m.gen");
  std::thread waiter([&] { EXPECT_EQ(stream.next().get()->error().code, Code::unavailable); });
  gone.reset();
  waiter.join();
}

}  // namespace
}  // namespace clutch::testing_support
