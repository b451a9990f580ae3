// A progress bar on a terminal: one line of stderr, drawn at most ten times a second, nothing where it is off.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace clutch::cli {

class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  struct State {
    std::uint64_t lines = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;  ///< of the input, done
  };

  /// `bytes_total`: of the input, where known.
  Progress(bool on, std::optional<std::uint64_t> bytes_total);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(const State& state);
  /// Takes the bar away.
  void clear();
  [[nodiscard]] Clock::duration elapsed() const { return Clock::now() - started_; }

  /// Whether stderr is a terminal that can show one.
  [[nodiscard]] static bool possible();

 private:
  [[nodiscard]] std::string text(const State& state, std::size_t columns) const;

  bool on_;
  std::optional<std::uint64_t> bytes_total_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point drawn_{};
};

/// "1,234,567"
[[nodiscard]] std::string with_commas(std::uint64_t number);
/// "850 ms", "12.3 s", "4 min 05 s"
[[nodiscard]] std::string spoken(std::chrono::nanoseconds duration);

}  // namespace clutch::cli
