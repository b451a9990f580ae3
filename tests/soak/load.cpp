#include "load.hpp"

#include <array>

namespace clutch::soak {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t recent_max = 100;

RetryPolicy patient(bool idempotent) {
  RetryPolicy policy;
  policy.attempts = 3;
  policy.delay = 20ms;
  policy.idempotent = idempotent;
  if (idempotent) policy.codes = {Code::unavailable, Code::overloaded, Code::worker_lost, Code::connection_lost};
  if (!idempotent) policy.exceptions = {"ConnectionError"};
  return policy;
}

Ended ended_of(const Result<int>& result, int number) {
  if (!result.ok()) return Ended(result.error());
  return Ended(result.value() == number);
}

}  // namespace

double Load::pause() {
  constexpr std::array<double, 5> seconds = {0.0, 0.0, 0.005, 0.02, 0.2};
  return seconds[static_cast<std::size_t>(below(seconds.size()))];
}

CancelHandle Load::follow(Call<int> call, int number) {
  return call.then([ledger = ledger_, number](Result<int> result) { ledger->close(number, ended_of(result, number)); });
}

void Load::plain_call(const char* function, const char* what) {
  const int number = ledger_->open(what);
  follow(caller_.call<int>(function, ledger_->path(), number), number);
}

void Load::timed(const char* function, const char* what, const Caller& through, double seconds, int runs_max) {
  const int number = ledger_->open(what, runs_max);
  recent_.push_back(follow(through.call<int>(function, ledger_->path(), number, seconds), number));
  if (recent_.size() > recent_max) recent_.pop_front();
}

void Load::block(double seconds) { timed("soaked.block", "a blocked loop", caller_, seconds); }

void Load::poison() {
  constexpr int kills = 3;  // PoolOptions::quarantine_after
  const int number = ledger_->open("poison", kills);
  RetryPolicy stubborn;
  stubborn.attempts = 20;
  stubborn.delay = 20ms;
  stubborn.codes = {Code::worker_lost, Code::overloaded, Code::unavailable};
  stubborn.budget = false;  // which all else that fails has used up
  stubborn.idempotent = true;
  follow(caller_.with({.retry = std::move(stubborn)}).call<int>("soaked.crash", ledger_->path(), number), number);
}

void Load::burst(int calls) {
  for (; calls > 0; --calls) timed("ledger.run", "one of a burst", caller_, 0.0);
}

// What comes must be 0, 1, 2, …; all of it, or as much as is wanted.
void Load::stream(const char* function, const char* what, int count, std::uint64_t limit, double seconds) {
  const int number = ledger_->open(what);
  auto items = caller_.with({.stream_window_items = static_cast<std::uint64_t>(1 + below(50))})
                   .stream<int>(function, ledger_->path(), number, count, seconds);
  const auto expected = std::min<std::uint64_t>(static_cast<std::uint64_t>(count), limit);
  auto handle = items.collect(limit).then([ledger = ledger_, number, expected](Result<std::vector<int>> result) {
    if (!result.ok()) return ledger->close(number, Ended(result.error()));
    bool right = result.value().size() == expected;
    for (std::size_t i = 0; i < result.value().size(); ++i) right = right && result.value()[i] == static_cast<int>(i);
    ledger->close(number, Ended(right));
  });
  recent_.push_back(std::move(handle));
}

void Load::map(int calls) {
  std::vector<int> numbers;
  std::vector<Call<int>> all;
  for (; calls > 0; --calls) {
    numbers.push_back(ledger_->open("one of a map"));
    all.push_back(caller_.call<int>("ledger.run", ledger_->path(), numbers.back(), pause()));
  }
  join_all(std::move(all)).then([ledger = ledger_, numbers](std::vector<Result<int>> results) {
    for (std::size_t i = 0; i < results.size(); ++i) ledger->close(numbers[i], ended_of(results[i], numbers[i]));
  });
}

// From at once to a while later, by a turn that comes.
void Load::cancelled() {
  const int number = ledger_->open("cancelled");
  auto call = caller_.call<int>(below(3) == 0 ? "ledger.plain" : "ledger.run", ledger_->path(), number, 0.3);
  if (below(2) == 0) static_cast<void>(call.cancel());
  recent_.push_front(follow(std::move(call), number));
  if (below(2) == 0) recent_.front().cancel();
}

void Load::work(int which) {
  switch (which) {
    case 0:
      return cancelled();
    case 1:
      return plain_call("soaked.fails", "raises");
    case 2:  // two arguments too many
      return timed("ledger.pid", "wrong arguments", caller_, 0.0);
    case 3:
      return plain_call("soaked.nowhere", "no such function");
    case 4:
      return timed("ledger.run", "with a timeout", caller_.with({.timeout = std::chrono::milliseconds(1 + below(50))}),
                   0.1);
    case 5:
      return timed("ledger.run", "with a queue timeout",
                   caller_.with({.queue_timeout = std::chrono::microseconds(200 + below(20'000))}), 0.01);
    case 6:
      return timed("ledger.plain", "with an attempt timeout", caller_.with({.attempt_timeout = 20ms}), 0.05);
    case 7:
      return timed("ledger.run", "tried again, idempotent", caller_.with({.retry = patient(true)}), 0.02, 3);
    case 8: {
      const int number = ledger_->open("tried again where it raised", 3);
      follow(caller_.with({.retry = patient(false)}).call<int>("soaked.flaky", ledger_->path(), number), number);
      return;
    }
    case 9:
      return stream("soaked.items", "a stream", below(200), 1'000'000, below(2) == 0 ? 0.0 : 0.002);
    case 10:
      return stream("soaked.steps", "a generator", below(100), 1'000'000, below(2) == 0 ? 0.0 : 0.002);
    case 11:
      return stream("soaked.items", "a stream that is left", 1'000'000, 1 + static_cast<std::uint64_t>(below(50)), 0.0);
    case 12:
      return map(1 + below(10));
    case 13:
      return timed("ledger.plain", "a plain function", caller_, pause());
    default:
      return timed("ledger.run", "a coroutine", caller_, pause());
  }
}

void Load::one_of_each() {
  for (int which = 0; which < works; ++which) work(which);
}

void Load::turn(std::size_t wanted) {
  constexpr int at_once_max = 5;
  for (int sent = 0; sent < at_once_max && ledger_->unanswered() < wanted; ++sent) work(below(works));
  if (recent_.empty() || below(5) != 0) return;
  recent_[static_cast<std::size_t>(below(static_cast<int>(recent_.size())))].cancel();
}

}  // namespace clutch::soak
