// The benchmark's output: a JSON object a line, or a table for a person.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"

namespace clutch::bench {

/// What a row is asked to be; zero: nothing.
struct Target {
  double at_least = 0;
  double at_most = 0;
};

class Report {
 public:
  explicit Report(const Settings& settings) : settings_(settings) {}

  /// The median of the rounds; the note tells how far they spread.
  void row(std::string_view workload, std::string_view arg, const std::vector<double>& rounds, std::string_view unit,
           Target target = {});
  /// The median of numerator / denominator, round by round.
  void ratio(std::string_view arg, const std::vector<double>& numerator, const std::vector<double>& denominator,
             Target target = {});

 private:
  void print(std::string_view workload, std::string_view arg, double value, std::string_view unit,
             const std::string& note) const;

  const Settings& settings_;
};

/// To stderr: what could not be measured, and why.
void remark(const std::string& text);

}  // namespace clutch::bench
