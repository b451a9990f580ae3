// Calls that write their number into a file when they run, kept in flight while something kills the workers; in the end
// what each was told is held against the file.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <clutch/caller.hpp>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace clutch::test {

class LedgerLoad {
 public:
  /// Calls `ledger.run` and `ledger.plain` of tests/e2e/python.
  LedgerLoad(const Caller& caller, std::string path, std::uint32_t seed)
      : caller_(caller), path_(std::move(path)), random_(seed) {}

  /// Takes what is over, and sends more until `wanted` calls are in flight.
  void turn(std::size_t wanted) {
    std::erase_if(in_flight_, [this](auto& each) {
      if (!each.second.ready()) return false;
      outcomes_.emplace(each.first, each.second.get());
      return true;
    });
    while (in_flight_.size() < wanted) {
      constexpr std::array<double, 3> seconds = {0.0, 0.005, 0.02};
      const int number = ++last_;
      const char* function = number % 3 == 0 ? "ledger.plain" : "ledger.run";
      in_flight_.emplace_back(number, caller_.call<int>(function, path_, number, seconds[random_() % seconds.size()]));
    }
  }

  [[nodiscard]] std::size_t in_flight() const {
    return static_cast<std::size_t>(
        std::count_if(in_flight_.begin(), in_flight_.end(), [](const auto& each) { return !each.second.ready(); }));
  }

  /// Whatever the moments of the kills: a value means that it ran once, `started` too, `not_started` that it never ran,
  /// and nothing ran twice. Gives how many were lost.
  int reconcile() {
    for (auto& [number, call] : in_flight_) outcomes_.emplace(number, call.get());
    in_flight_.clear();
    std::map<int, int> ran;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) ++ran[std::stoi(line)];
    int lost = 0;
    for (const auto& [number, outcome] : outcomes_) {
      const int times = ran.contains(number) ? ran[number] : 0;
      const std::string call = "call " + std::to_string(number);
      EXPECT_LE(times, 1) << call << " ran twice";
      if (outcome.ok()) {
        EXPECT_EQ(times, 1) << call << " gave a value and never ran";
        EXPECT_EQ(outcome.value(), number);
        continue;
      }
      ++lost;
      EXPECT_EQ(outcome.error().code, Code::worker_lost) << describe(outcome.error());
      EXPECT_NE(outcome.error().certainty, Certainty::not_started) << call << ": these move to another worker";
      if (outcome.error().certainty == Certainty::started) {
        EXPECT_EQ(times, 1) << call;
      }
      ran_and_lost_ += times;
    }
    EXPECT_EQ(outcomes_.size(), static_cast<std::size_t>(last_)) << "each call has one outcome";
    EXPECT_LE(ran.size(), outcomes_.size());
    return lost;
  }

  [[nodiscard]] int calls() const noexcept { return last_; }
  /// Of the lost: that had run.
  [[nodiscard]] int ran_and_lost() const noexcept { return ran_and_lost_; }

 private:
  const Caller& caller_;
  std::string path_;
  std::mt19937 random_;
  std::vector<std::pair<int, Call<int>>> in_flight_;
  std::map<int, Result<int>> outcomes_;
  int last_ = 0;
  int ran_and_lost_ = 0;
};

}  // namespace clutch::test
