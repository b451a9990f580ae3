#include "clutch/combinators.hpp"

#include <future>
#include <thread>

#include "client_lib/coroutine.hpp"
#include "client_lib/support.hpp"

namespace clutch::testing_support {
namespace {

class CombinatorsTest : public ::testing::Test {
 protected:
  ManualPool pool;
  ManualEngine& engine = pool.engine;

  Call<int> call() { return pool.call<int>("m.f"); }
  std::vector<Call<int>> calls(std::size_t count) {
    std::vector<Call<int>> made;
    for (std::size_t i = 0; i < count; ++i) made.push_back(call());
    return made;
  }
  void answer(std::size_t index, int value) { engine.complete(index, reply(value)); }
  void fail(std::size_t index, Code code) { engine.complete(index, error_of(code)); }
};

TEST_F(CombinatorsTest, JoinGivesEachResult) {
  auto first = call();
  auto second = pool.call<std::string>("m.g");
  auto third = pool.call<void>("m.h");
  auto all = join(std::move(first), std::move(second), std::move(third));
  answer(0, 1);
  fail(1, Code::failed);
  EXPECT_FALSE(all.ready());
  answer(2, 0);
  EXPECT_TRUE(all.ready());
  const auto [number, text, nothing] = all.get();
  EXPECT_EQ(number.value(), 1);
  EXPECT_EQ(text.error().code, Code::failed);
  EXPECT_TRUE(nothing.ok());
  EXPECT_EQ(engine.cancels, 0) << "a failure cancels nothing";
}

TEST_F(CombinatorsTest, TryJoinGivesTheValues) {
  auto first = call();
  auto second = pool.call<void>("m.g");
  auto third = call();
  auto all = try_join(std::move(first), std::move(second), std::move(third));
  answer(2, 3);
  answer(1, 0);
  EXPECT_FALSE(all.ready());
  answer(0, 1);
  EXPECT_EQ(all.get().value(), (std::tuple(1, std::monostate(), 3)));
}

TEST_F(CombinatorsTest, TryJoinEndsWithTheFirstFailureAndCancelsTheRest) {
  engine.ignore_cancels = true;
  auto all = try_join(call(), call(), call());
  answer(2, 3);
  fail(1, Code::worker_lost);
  EXPECT_TRUE(all.ready()) << "at once";
  EXPECT_EQ(engine.cancels, 1) << "the one that was under way";
  fail(0, Code::cancelled);
  EXPECT_EQ(all.get().error().code, Code::worker_lost) << "the first in time";
}

TEST_F(CombinatorsTest, TryJoinGivesAnErrorWhereAValueDoesNotFit) {
  auto first = call();
  auto second = pool.call<std::string>("m.g");
  auto all = try_join(std::move(first), std::move(second));
  answer(0, 1);
  answer(1, 1);
  EXPECT_EQ(all.get().error().stage, Stage::result);
}

TEST_F(CombinatorsTest, JoinAllKeepsTheOrder) {
  auto all = join_all(calls(3));
  answer(2, 2);
  answer(0, 0);
  fail(1, Code::failed);
  const std::vector<Result<int>> results = all.get();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].value(), 0);
  EXPECT_EQ(results[1].error().code, Code::failed);
  EXPECT_EQ(results[2].value(), 2);
}

TEST_F(CombinatorsTest, TryJoinAllKeepsTheOrderOrEndsWithTheFirstFailure) {
  auto good = try_join_all(calls(2));
  answer(1, 1);
  answer(0, 0);
  EXPECT_EQ(good.get().value(), (std::vector{0, 1}));
  auto bad = try_join_all(calls(2));
  fail(3, Code::overloaded);
  EXPECT_EQ(bad.get().error().code, Code::overloaded);
  EXPECT_EQ(engine.cancels, 1);
  std::vector<Call<void>> nothing;
  nothing.push_back(pool.call<void>("m.f"));
  auto done = try_join_all(std::move(nothing));
  answer(4, 0);
  EXPECT_EQ(done.get().value().size(), 1U);
}

TEST_F(CombinatorsTest, OfNone) {
  EXPECT_TRUE(join_all(calls(0)).get().empty());
  EXPECT_TRUE(try_join_all(calls(0)).get().value().empty());
  EXPECT_TRUE(try_join().get().ok());
  EXPECT_THROW(static_cast<void>(race(calls(0))), misuse);
  std::promise<std::thread::id> ran;
  join_all(calls(0)).then([&](const std::vector<Result<int>>&) { ran.set_value(std::this_thread::get_id()); });
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id()) << "never within then()";
}

TEST_F(CombinatorsTest, RaceGivesTheFirstOutcomeAndCancelsTheRest) {
  auto won = race(call(), call(), call());
  answer(1, 7);
  EXPECT_EQ(won.get().value(), 7);
  EXPECT_EQ(engine.cancels, 2);
  auto lost = race(calls(2));
  fail(3, Code::failed);
  EXPECT_EQ(lost.get().error().code, Code::failed) << "an error is an outcome too";
}

TEST_F(CombinatorsTest, OfCallsThatAreOver) {
  auto first = call();
  auto second = call();
  answer(0, 1);
  answer(1, 2);
  auto all = try_join(std::move(first), std::move(second));
  EXPECT_TRUE(all.ready());
  EXPECT_EQ(all.get().value(), (std::tuple(1, 2)));
  auto third = call();
  fail(2, Code::failed);
  EXPECT_EQ(try_join(std::move(third), call()).get().error().code, Code::failed);
}

TEST_F(CombinatorsTest, ConsumeTheCalls) {
  auto one = call();
  auto all = join(std::move(one), call());
  EXPECT_THROW(static_cast<void>(one.get()), misuse);
  EXPECT_THROW(static_cast<void>(join(std::move(one))), misuse);
}

TEST_F(CombinatorsTest, CancellingOrDestroyingCancelsAll) {
  auto all = join(call(), call());
  all.cancel();
  EXPECT_EQ(engine.cancels, 2);
  const auto [first, second] = all.get();
  EXPECT_EQ(first.error().code, Code::cancelled);
  { auto dropped = join_all(calls(3)); }
  EXPECT_EQ(engine.cancels, 5);
}

TEST_F(CombinatorsTest, DetachingDetachesAll) {
  join(call(), call()).detach();
  EXPECT_EQ(engine.detached, 2);
  EXPECT_EQ(engine.cancels, 0);
}

TEST_F(CombinatorsTest, MayBeNested) {
  auto raced = race(calls(2));
  auto both = try_join_all(calls(2));
  auto all = try_join(std::move(raced), std::move(both));
  auto results = join(std::move(all), join(call()));
  answer(1, 1);
  answer(2, 2);
  answer(3, 3);
  answer(4, 4);
  auto [inner, other] = results.get();
  EXPECT_EQ(std::get<0>(inner.value()), 1);
  EXPECT_EQ(std::get<1>(inner.value()), (std::vector{2, 3}));
  EXPECT_EQ(std::get<0>(other).value(), 4);

  auto failing = try_join(try_join_all(calls(2)), call());
  fail(6, Code::failed);
  EXPECT_EQ(failing.get().error().code, Code::failed) << "the failure of a group is one";
}

TEST_F(CombinatorsTest, AreContinuedLikeAnyCall) {
  std::promise<std::pair<int, bool>> done;
  const auto run = [&]() -> Fire {
    const auto result = co_await try_join_all(calls(2));
    done.set_value({result.value().at(1), engine.thread.is_current()});
  };
  run();
  answer(0, 1);
  answer(1, 2);
  EXPECT_EQ(done.get_future().get(), std::pair(2, true));
}

TEST_F(CombinatorsTest, EndOnceWhateverRaces) {
  for (std::size_t round = 0; round < 200; ++round) {
    auto all = try_join_all(calls(3));
    const CancelHandle handle = all.cancel_handle();
    const std::size_t first = round * 3;
    std::thread failing([&] { fail(first, Code::failed); });
    std::thread answering([&] { answer(first + 1, 1); });
    std::thread cancelling([&] { handle.cancel(); });
    answer(first + 2, 2);
    const auto result = all.get();
    EXPECT_TRUE(result.error().code == Code::failed || result.error().code == Code::cancelled);
    failing.join();
    answering.join();
    cancelling.join();
  }
}

}  // namespace
}  // namespace clutch::testing_support
