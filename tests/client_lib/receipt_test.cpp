// What cancel() gives: a receipt, which may be waited for as any call, and dropped.
#include <array>
#include <future>
#include <thread>

#include "client_lib/coroutine.hpp"
#include "client_lib/support.hpp"
#include "clutch/combinators.hpp"

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;

class ReceiptTest : public ::testing::Test {
 protected:
  ReceiptTest() { engine.ignore_cancels = true; }

  ManualPool pool;
  ManualEngine& engine = pool.engine;

  void give(std::size_t index, CancelEnd what, std::chrono::nanoseconds after = {}) {
    engine.give(index, CancelReceipt{.what = what, .after = after, .where = {}});
  }
};

TEST_F(ReceiptTest, TellsWhatBecameOfTheWork) {
  auto call = pool.call<int>("m.f");
  auto receipt = call.cancel();
  EXPECT_FALSE(receipt.ready());
  give(0, CancelEnd::unwound, 5ms);
  EXPECT_FALSE(call.ready()) << "apart from the outcome";
  EXPECT_EQ(receipt.get().value(), (CancelReceipt{.what = CancelEnd::unwound, .after = 5ms, .where = {}}));
  EXPECT_THROW(static_cast<void>(receipt.get()), misuse);
}

TEST_F(ReceiptTest, MayBeDropped) {
  auto call = pool.call<int>("m.f");
  call.cancel();
  { auto dropped = call.cancel(); }
  call.cancel().cancel();
  EXPECT_EQ(engine.cancels, 3) << "one for each receipt, none for dropping or cancelling one";
  EXPECT_EQ(call.cancel().cancel().get().value().what, CancelEnd::already_finished) << "there is nothing to cancel";
  call.cancel().detach();
  EXPECT_EQ(engine.detached, 0);
  give(0, CancelEnd::unwound);
}

TEST_F(ReceiptTest, OfWhatIsOverIsAlreadyFinished) {
  auto call = pool.call<int>("m.f");
  engine.complete(0, reply(1));
  EXPECT_EQ(call.cancel().get().value(), CancelReceipt{});
  EXPECT_EQ(call.get().value(), 1);
  const std::string not_utf8 = "\xff";
  auto refused = pool.call<int>("m.f", not_utf8);
  EXPECT_EQ(refused.cancel().get().value().what, CancelEnd::already_finished);
  EXPECT_EQ(engine.cancels, 0);
}

TEST_F(ReceiptTest, DroppingACallAsksForNone) {
  { auto dropped = pool.call<int>("m.f"); }
  { auto dropped = pool.stream<int>("m.gen"); }
  pool.call<int>("m.f").cancel_handle().cancel();
  EXPECT_EQ(engine.cancels, 3);
  EXPECT_TRUE(engine.receipts.empty());
}

TEST_F(ReceiptTest, IsAwaitedContinuedAndJoined) {
  auto call = pool.call<int>("m.f");
  std::promise<CancelEnd> continued;
  call.cancel().then([&](const Result<CancelReceipt>& receipt) { continued.set_value(receipt.value().what); });
  std::promise<CancelEnd> awaited;
  const auto run = [&]() -> Fire { awaited.set_value((co_await call.cancel()).value().what); };
  run();
  auto both = try_join(call.cancel(), call.cancel());
  for (std::size_t i = 0; i < 4; ++i) give(i, CancelEnd::unwound);
  EXPECT_EQ(continued.get_future().get(), CancelEnd::unwound);
  EXPECT_EQ(awaited.get_future().get(), CancelEnd::unwound);
  EXPECT_EQ(std::get<1>(both.get().value()).what, CancelEnd::unwound);
}

TEST_F(ReceiptTest, IsAnErrorWhereTheEngineEnded) {
  auto call = pool.call<int>("m.f");
  auto receipt = call.cancel();
  engine.give(0, error_of(Code::unavailable));
  EXPECT_EQ(receipt.get().error().code, Code::unavailable);
}

TEST_F(ReceiptTest, OfAGroupIsTheLeastGoodAndTheLongest) {
  const std::array order = {CancelEnd::already_finished, CancelEnd::removed_from_queue, CancelEnd::unwound,
                            CancelEnd::worker_killed, CancelEnd::ignored};
  std::size_t given = 0;
  for (std::size_t better = 0; better < order.size(); ++better) {
    for (std::size_t worse = better; worse < order.size(); ++worse) {
      auto group = join(pool.call<int>("m.f"), pool.call<int>("m.f"), pool.call<int>("m.f"));
      auto receipt = group.cancel();
      give(given + 1, order[better], 9ms);
      give(given, order[worse], 1ms);
      EXPECT_FALSE(receipt.ready()) << "when each is there";
      give(given + 2, order[better], 2ms);
      given += 3;
      EXPECT_EQ(receipt.get().value(), (CancelReceipt{.what = order[worse], .after = 9ms, .where = {}}));
    }
  }
  auto group = join(pool.call<int>("m.f"), pool.call<int>("m.f"));
  auto receipt = group.cancel();
  engine.give(given, CancelReceipt{.what = CancelEnd::ignored, .after = {}, .where = "m.py:3"});
  give(given + 1, CancelEnd::worker_killed);
  EXPECT_EQ(receipt.get().value().where, "m.py:3");
}

TEST_F(ReceiptTest, OfAGroupOneErrorIsTheReceipt) {
  auto group = join(pool.call<int>("m.f"), pool.call<int>("m.f"));
  auto receipt = group.cancel();
  engine.give(1, error_of(Code::unavailable));
  give(0, CancelEnd::ignored);
  EXPECT_EQ(receipt.get().error().code, Code::unavailable);
}

TEST_F(ReceiptTest, OfAGroupCountsWhatIsLeftAndNests) {
  auto inner = join(pool.call<int>("m.f"), pool.call<int>("m.f"));
  auto outer = join(std::move(inner), pool.call<int>("m.f"));
  engine.complete(0, reply(1));
  auto receipt = outer.cancel();
  EXPECT_EQ(engine.cancels, 2);
  give(0, CancelEnd::removed_from_queue);
  give(1, CancelEnd::unwound);
  EXPECT_EQ(receipt.get().value().what, CancelEnd::unwound);
}

TEST_F(ReceiptTest, RacesTheOutcome) {
  engine.ignore_cancels = false;
  for (std::size_t round = 0; round < 300; ++round) {
    auto call = pool.call<int>("m.f");
    std::thread answering([&] { engine.complete(round, reply(1)); });
    auto receipt = call.cancel();
    const Result<int> outcome = call.get();
    EXPECT_TRUE(outcome.ok() || outcome.error().code == Code::cancelled);
    answering.join();
  }
}

}  // namespace
}  // namespace clutch::testing_support
