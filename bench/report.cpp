#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include "clock.hpp"

namespace clutch::bench {
namespace {

std::string digits(double value) {
  char text[32];
  const double size = value < 0 ? -value : value;
  std::snprintf(text, sizeof text, "%.*f", size < 10 ? 3 : size < 1000 ? 1 : 0, value);
  return text;
}

std::string spread(const std::vector<double>& rounds) {
  if (rounds.size() < 2) return "";
  const auto [low, high] = std::minmax_element(rounds.begin(), rounds.end());
  return digits(*low) + " to " + digits(*high) + " in " + std::to_string(rounds.size());
}

std::string verdict(double value, Target target) {
  if (target.at_least == 0 && target.at_most == 0) return "";
  const bool met = target.at_least != 0 ? value >= target.at_least : value <= target.at_most;
  return (target.at_least != 0 ? "target >= " + digits(target.at_least) : "target <= " + digits(target.at_most)) +
         (met ? ", met" : ", missed");
}

std::string joined(const std::string& a, const std::string& b) { return a.empty() || b.empty() ? a + b : a + "; " + b; }

int width(std::string_view text) { return static_cast<int>(text.size()); }

}  // namespace

void Report::row(std::string_view workload, std::string_view arg, const std::vector<double>& rounds,
                 std::string_view unit, Target target) {
  const double value = median(rounds);
  print(workload, arg, value, unit, joined(verdict(value, target), spread(rounds)));
}

void Report::ratio(std::string_view arg, const std::vector<double>& numerator, const std::vector<double>& denominator,
                   Target target) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < std::min(numerator.size(), denominator.size()); ++i) {
    ratios.push_back(numerator[i] / denominator[i]);
  }
  row("ratio", arg, ratios, "", target);
}

// The words are the benchmark's own: none needs escaping.
void Report::print(std::string_view workload, std::string_view arg, double value, std::string_view unit,
                   const std::string& note) const {
  const char* mode = settings_.daemon ? "daemon" : "embedded";
  const char* cpus = settings_.pin ? "one" : "any";
  if (settings_.table) {
    std::printf("%-12.*s %-34.*s %14s %-8.*s %s\n", width(workload), workload.data(), width(arg), arg.data(),
                digits(value).c_str(), width(unit), unit.data(), note.c_str());
  } else {
    std::printf(
        R"({"w": "%.*s", "mode": "%s", "arg": "%.*s", "value": %.6g, "unit": "%.*s", "cpus": "%s", "note": "%s"})"
        "\n",
        width(workload), workload.data(), mode, width(arg), arg.data(), value, width(unit), unit.data(), cpus,
        note.c_str());
  }
  std::fflush(stdout);
}

void remark(const std::string& text) { std::fprintf(stderr, "clutch-bench: %s\n", text.c_str()); }

}  // namespace clutch::bench
