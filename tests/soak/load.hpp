// Calls of all kinds, kept in flight through one Caller, each in a ledger.
#pragma once

#include <clutch/caller.hpp>
#include <clutch/combinators.hpp>
#include <deque>
#include <random>

#include "ledger.hpp"

namespace clutch::soak {

/// One thread, but for the ledger.
class Load {
 public:
  Load(const Caller& caller, std::string path, std::uint64_t seed)
      : caller_(caller), ledger_(std::make_shared<Ledger>(std::move(path))), random_(seed) {}

  /// Sends more until about `wanted` calls are in flight, a few at a time; cancels one now and then.
  void turn(std::size_t wanted);
  /// A call of each kind.
  void one_of_each();
  void crash() { plain_call("soaked.crash", "crash"); }
  void leave() { plain_call("soaked.leave", "SystemExit"); }
  void block(double seconds);
  /// Tried again until it is in quarantine.
  void poison();
  /// So many at once, that a queue may be too short for.
  void burst(int calls);

  [[nodiscard]] Ledger& ledger() noexcept { return *ledger_; }
  /// Calls that outlive this are written into it too.
  [[nodiscard]] std::shared_ptr<Ledger> share_ledger() const { return ledger_; }

 private:
  static constexpr int works = 16;

  void work(int which);
  void plain_call(const char* function, const char* what);
  void timed(const char* function, const char* what, const Caller& through, double seconds, int runs_max = 1);
  void stream(const char* function, const char* what, int count, std::uint64_t limit, double seconds);
  void map(int calls);
  void cancelled();
  [[nodiscard]] int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint64_t>(bound)); }
  [[nodiscard]] double pause();
  CancelHandle follow(Call<int> call, int number);

  const Caller& caller_;
  std::shared_ptr<Ledger> ledger_;  // what ends later than this writes into it
  std::mt19937_64 random_;
  std::deque<CancelHandle> recent_;
};

}  // namespace clutch::soak
