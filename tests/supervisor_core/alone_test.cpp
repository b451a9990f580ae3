// Calls that must not wait, or run, beside others: nested ones, and those that kill workers.
#include "core/fingerprint.hpp"
#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Nested : public PoolTest {
 protected:
  TestCall nested(std::string_view name = "m.f", FakePool::Ask ask = {}) {
    ask.nested = true;
    return pool.submit(name, ask);
  }
};

TEST_F(Nested, IsRefusedAtOnceWhereNoPlaceIsFree) {
  pool.options.concurrency = 1;
  pool.ready(1);
  const auto outer = pool.submit("m.f");
  pool.worker(0).begins(outer);
  const auto inner = nested();
  EXPECT_ENDED(inner, overloaded, not_started, "a worker of this pool asks for `m.f`");
  EXPECT_TRUE(pool.error_of(inner).retry_after_ms.has_value());
  pool.worker(0).returns(outer);
  EXPECT_RETURNED(outer);
  EXPECT_QUIET();
}

TEST_F(Nested, RunsWhereAPlaceIsFree) {
  pool.options.concurrency = 2;
  pool.ready(1);
  const auto outer = pool.submit("m.f");
  pool.worker(0).begins(outer);
  const auto inner = nested();
  pool.worker(0).runs(inner);
  EXPECT_RETURNED(inner);
}

TEST_F(Nested, CountsThreadsAndLimitsToo) {
  pool.options.threads = 1;
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.plain"));
  EXPECT_ENDED(nested("m.plain"), overloaded, not_started);
  pool.worker(0).begins(pool.submit("m.one"));
  EXPECT_ENDED(nested("m.one"), overloaded, not_started);
  EXPECT_OPEN(nested("m.f"));
}

// Its worker's loop may be blocked by who waits for it.
TEST_F(Nested, EndsWhereItDoesNotBegin) {
  pool.ready(1);
  const auto outer = pool.submit("m.f");
  pool.worker(0).begins(outer);
  const auto inner = nested();
  EXPECT_TRUE(pool.worker(0).has(inner));
  pool.advance(999ms);
  EXPECT_OPEN(inner);
  pool.advance(1ms);
  EXPECT_ENDED(inner, overloaded, not_started, "did not begin within 1 s");
  pool.worker(0).passes_over(inner, Code::deadline_exceeded);
  pool.worker(0).returns(outer);
  EXPECT_QUIET();
}

TEST_F(Nested, KeepsATimeoutOfItsOwnThatIsShorter) {
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.f"));
  const auto inner = nested("m.f", {.queue_timeout = 100ms});
  pool.advance(100ms);
  EXPECT_ENDED(inner, deadline_exceeded, not_started, "queue_timeout");
}

class Poison : public PoolTest {
 protected:
  TestCall poison(FakePool::Ask ask = {}) {
    ask.says = "poison";
    return pool.submit("m.f", ask);
  }
  // One after another, each with nothing beside it.
  void kill(int times) {
    for (int i = 0; i < times; ++i) {
      const auto call = poison();
      pool.worker(0).begins(call);
      die();
      EXPECT_ENDED(call, worker_lost, started);
    }
  }
  void die(int signal = 11) {
    pool.worker(0).dies(signal);
    while (pool.worker(0).state() != WorkerState::booting) pool.advance(100ms);
    pool.worker(0).registers();
  }
};

TEST_F(Poison, IsRefusedAfterItsThirdKill) {
  pool.ready(1);
  kill(3);
  ASSERT_EQ(pool.count<Quarantined>(), 1u);
  const auto refused = poison();
  const auto all = pool.core().quarantine(pool.now);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].function, "m.f");
  EXPECT_EQ(all[0].kills, 3u);
  EXPECT_TRUE(all[0].quarantined);
  EXPECT_ENDED(refused, quarantined, not_started, shown(all[0].fingerprint));
  const auto other = pool.submit("m.f", {.says = "harmless"});
  pool.worker(0).runs(other);
  EXPECT_RETURNED(other);
  EXPECT_QUIET();
}

// The lanes of a worker that crashed may be found closed before its death is known.
TEST_F(Poison, IsToldByItsCrashThoughTheWorkerWasToBeEndedForItsClosedLanes) {
  pool.ready(1);
  kill(2);
  const auto call = poison();
  pool.worker(0).begins(call);
  pool.core().on_violation(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, "its data lane takes nothing more");
  pool.worker(0).dies(11);
  EXPECT_ENDED(call, worker_lost, started);
  EXPECT_EQ(pool.count<Quarantined>(), 1u);
  EXPECT_EQ(pool.core().counters().ends[static_cast<std::size_t>(EndReason::protocol)], 0u);
  EXPECT_EQ(pool.core().counters().ends[static_cast<std::size_t>(EndReason::crash)], 3u);
}

TEST_F(Poison, KillsAWorkerThatIsToBeReplacedToo) {
  pool.ready(1);
  kill(2);
  const auto call = poison();
  pool.worker(0).begins(call);
  pool.core().retire(WorkerId{0}, Incarnation{pool.worker(0).incarnation}, EndReason::age, pool.now);
  pool.worker(0).dies(11);
  EXPECT_EQ(pool.count<Quarantined>(), 1u);
}

TEST_F(Poison, RunsAgainWhenItIsLiftedAndWhenItsTimeIsOver) {
  pool.options.quarantine_ttl = 10min;
  pool.ready(1);
  kill(3);
  EXPECT_EQ(pool.core().lift_quarantine("0000000000000000"), 0u);
  EXPECT_EQ(pool.core().lift_quarantine(shown(pool.core().quarantine(pool.now)[0].fingerprint)), 1u);
  kill(3);
  EXPECT_TRUE(pool.over(poison()));
  pool.advance(10min);
  EXPECT_TRUE(pool.core().quarantine(pool.now).empty());
  EXPECT_OPEN(poison());
}

TEST_F(Poison, RunsAloneAtItsThirdTry) {
  pool.ready(1);
  kill(2);
  const auto beside = pool.submit("m.f", {.says = "beside"});
  pool.worker(0).begins(beside);
  const auto third = poison();
  const auto later = pool.submit("m.f", {.says = "later"});
  EXPECT_FALSE(pool.worker(0).has(third)) << "another is there";
  EXPECT_FALSE(pool.worker(0).has(later)) << "the worker is kept for it";
  pool.worker(0).returns(beside);
  ASSERT_TRUE(pool.worker(0).has(third));
  EXPECT_FALSE(pool.worker(0).has(later));
  pool.worker(0).begins(third);
  EXPECT_FALSE(pool.worker(0).has(later));
  pool.worker(0).returns(third);
  EXPECT_TRUE(pool.worker(0).has(later));
  pool.worker(0).runs(later);
  EXPECT_TRUE(pool.core().quarantine(pool.now).empty()) << "it has survived";
  EXPECT_QUIET();
}

TEST_F(Poison, OthersGoToTheOtherWorkersMeanwhile) {
  pool.ready(2);
  for (int i = 0; i < 2; ++i) {
    const auto call = poison();
    pool.worker(0).begins(call);
    die();
  }
  const auto suspect = poison();
  const std::size_t at = pool.worker(0).has(suspect) ? 0 : 1;
  ASSERT_TRUE(pool.worker(at).has(suspect));
  for (const auto& call : {pool.submit("m.f"), pool.submit("m.plain")}) {
    ASSERT_TRUE(pool.worker(1 - at).has(call));
    pool.worker(1 - at).runs(call);
  }
}

// Three calls were there at two deaths: each is run alone, and only the one that kills again is refused.
TEST_F(Poison, InnocentNeighboursAreCleared) {
  pool.ready(1);
  const auto ask = [this](const char* says) { return pool.submit("m.f", {.says = says}); };
  for (int i = 0; i < 2; ++i) {
    for (const auto* says : {"a", "poison", "b"}) pool.worker(0).begins(ask(says));
    die();
  }
  EXPECT_EQ(pool.core().quarantine(pool.now).size(), 3u);
  const auto a = ask("a");
  const auto bad = ask("poison");
  const auto b = ask("b");
  pool.worker(0).runs(a);
  EXPECT_FALSE(pool.worker(0).has(b));
  pool.worker(0).begins(bad);
  die();
  EXPECT_ENDED(bad, worker_lost, started);
  pool.worker(0).runs(b);
  EXPECT_RETURNED(a);
  EXPECT_RETURNED(b);
  EXPECT_ENDED(ask("poison"), quarantined, not_started);
  EXPECT_EQ(pool.core().quarantine(pool.now).size(), 1u);
}

// The loop's thread was in the first step of one of them: the others were waiting.
TEST_F(Poison, IsOnlyWhatThePageShowsInItsFirstStep) {
  pool.ready(1);
  const auto ask = [this](const std::string& says) { return pool.submit("m.f", {.says = says}); };
  for (int i = 0; i < 2; ++i) {
    for (const auto* says : {"a", "b"}) pool.worker(0).begins(ask(says));
    const auto bad = ask("poison");
    pool.worker(0).shows(bad);
    pool.worker(0).pulse.first_step = pool.worker(0).received(bad).seq;
    pool.read_pages();
    die();
    pool.worker(0).pulse.first_step = 0;
    EXPECT_ENDED(bad, worker_lost, maybe_started);
  }
  const auto suspects = pool.core().quarantine(pool.now);
  ASSERT_EQ(suspects.size(), 1u);
  EXPECT_EQ(suspects[0].kills, 2u);
  pool.worker(0).begins(ask("a"));
  pool.worker(0).begins(ask("b"));
  EXPECT_FALSE(pool.worker(0).has(ask("poison"))) << "others are there";
}

// Nothing tells what a thread was at.
TEST_F(Poison, MayBeInAThreadBesideAFirstStep) {
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.plain", {.says = "in a thread"}));
  pool.worker(0).begins(pool.submit("m.f", {.says = "waiting"}));
  const auto stepping = pool.submit("m.f", {.says = "stepping"});
  pool.worker(0).shows(stepping);
  pool.worker(0).pulse.first_step = pool.worker(0).received(stepping).seq;
  pool.read_pages();
  die();
  EXPECT_EQ(pool.core().quarantine(pool.now).size(), 2u);
}

// One that is over, or of which it is not known whether it was passed over, names nobody.
TEST_F(Poison, IsAnyThatHadBegunWhereThePageNamesNone) {
  pool.ready(1);
  const auto over = pool.submit("m.f", {.says = "over"});
  const auto seq = pool.worker(0).received(over).seq;
  pool.worker(0).runs(over);
  for (const auto* says : {"a", "b"}) pool.worker(0).begins(pool.submit("m.f", {.says = says}));
  pool.worker(0).pulse.first_step = seq;
  pool.read_pages();
  die();
  EXPECT_EQ(pool.core().quarantine(pool.now).size(), 2u);
}

TEST_F(Poison, IsNotFoundAmongManyWithoutBeingAlone) {
  pool.options.quarantine_after = 1;
  pool.ready(1);
  pool.worker(0).begins(pool.submit("m.f", {.says = "a"}));
  pool.worker(0).begins(pool.submit("m.f", {.says = "b"}));
  die();
  EXPECT_EQ(pool.count<Quarantined>(), 0u);
  EXPECT_OPEN(pool.submit("m.f", {.says = "a"}));
}

TEST_F(Poison, EndsWhereNoWorkerComesToBeWithoutOtherCalls) {
  pool.ready(1);
  kill(2);
  const auto beside = pool.submit("m.f", {.attempt_timeout = 1h, .says = "beside"});
  pool.worker(0).begins(beside);
  const auto suspect = poison();
  const auto later = pool.submit("m.f", {.says = "later"});
  pool.advance(5s);
  EXPECT_ENDED(suspect, overloaded, not_started, "to run it alone");
  EXPECT_TRUE(pool.worker(0).has(later)) << "the worker is others' again";
  pool.worker(0).returns(beside);
  pool.worker(0).runs(later);
  EXPECT_QUIET();
}

TEST_F(Poison, GivesTheWorkerBackWhenItIsCancelled) {
  pool.ready(1);
  kill(2);
  const auto beside = pool.submit("m.f", {.says = "beside"});
  pool.worker(0).begins(beside);
  const auto suspect = poison();
  const auto later = pool.submit("m.f", {.says = "later"});
  pool.cancel(suspect);
  EXPECT_TRUE(pool.worker(0).has(later));
  pool.worker(0).runs(later);
  pool.worker(0).returns(beside);
  EXPECT_QUIET();
}

TEST_F(Poison, IsNotWhatDidNotBegin) {
  pool.ready(1);
  const auto call = poison();
  for (int i = 0; i < 5; ++i) die();  // it is sent again each time
  EXPECT_TRUE(pool.core().quarantine(pool.now).empty());
  pool.worker(0).runs(call);
  EXPECT_RETURNED(call);
}

TEST_F(Poison, IsNotWhatAWorkerThatIsEndedHad) {
  pool.ready(1);
  for (int i = 0; i < 4; ++i) {
    pool.worker(0).begins(poison());
    pool.worker(0).says_begun(99, 0);  // it breaks the protocol
    ASSERT_FALSE(pool.worker(0).killed.empty());
    die(9);
  }
  EXPECT_OPEN(poison());
  EXPECT_EQ(pool.core().counters().ends[static_cast<std::size_t>(EndReason::protocol)], 4u);
}

TEST_F(Poison, IsNothingWhereNoneIsWanted) {
  pool.options.quarantine_after = 0;
  pool.ready(1);
  kill(5);
  EXPECT_OPEN(poison());
}

TEST(QuarantineTable, IsBoundedAndKeepsWhatIsRefusedLongest) {
  Quarantine table(1, 10min);
  const Time now{1h};
  EXPECT_TRUE(table.on_kill(1, "m.f", true, now));
  for (std::uint64_t i = 2; i < 3 * Quarantine::entries_max; ++i) {
    table.on_kill(i, "m.f", false, now + std::chrono::nanoseconds(i));
  }
  EXPECT_EQ(table.list(now + 1s).size(), Quarantine::entries_max);
  EXPECT_EQ(table.verdict(1, now + 1s), Quarantine::Verdict::quarantined);
  EXPECT_EQ(table.lift("all"), Quarantine::entries_max);
  EXPECT_TRUE(table.empty());
}

TEST(Fingerprints, TellCallsApart) {
  const auto with = [](std::string_view args, std::string_view kwargs = {}, std::size_t frame = 0, char fill = 'a') {
    Request request;
    request.args = Blob(std::as_bytes(std::span(args)));
    request.kwargs = Blob(std::as_bytes(std::span(kwargs)));
    if (frame != 0) request.frames.push_back({Place(0u), Bytes(std::string(frame, fill))});
    return request;
  };
  const auto of = [&](std::string_view function, const Request& request) { return fingerprint_of(function, request); };
  const auto one = of("m.f", with("abcdefghij"));
  EXPECT_EQ(one, of("m.f", with("abcdefghij")));
  EXPECT_NE(one, of("m.g", with("abcdefghij")));
  EXPECT_NE(one, of("m.f", with("abcdefghik")));
  EXPECT_NE(one, of("m.f", with("abcdefgh", "ij")));
  EXPECT_NE(one, of("m.f", with("abcdefghij", {}, 100'000)));
  EXPECT_NE(of("m.f", with("x", {}, 100'000)), of("m.f", with("x", {}, 100'001)));
  EXPECT_NE(of("m.f", with("x", {}, 100'000)), of("m.f", with("x", {}, 100'000, 'b')));
  EXPECT_NE(of("", with("")), 0u);
  EXPECT_EQ(shown(0xabc), "0000000000000abc");
}

}  // namespace
}  // namespace clutch::core::test
