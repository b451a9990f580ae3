// Calls of every kind through an embedded pool and through a daemon, while all that can die, stand still or lie does
// so: clutch_soak [--seconds N] [--rounds N] [--seed N] [--schedule]. It prints a table, and fails where a call was
// lost, ran twice or was told what is not true, where something leaked, a kind of fault did not fire or an outcome
// never came.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "soak.hpp"

namespace clutch::soak {
namespace {

std::uint64_t number(const char* text) {
  if (text == nullptr) {
    std::fprintf(stderr, "clutch_soak: a number is missing\n");
    std::exit(2);
  }
  return std::strtoull(text, nullptr, 10);
}

int run(int argc, char** argv) {
  Plan plan;
  bool only_schedule = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--visitor" && i + 3 < argc) visit(argv[i + 1], argv[i + 2], number(argv[i + 3]));
    if (flag == "--schedule") {
      only_schedule = true;
    } else if (flag == "--seconds") {
      plan.seconds = std::chrono::seconds(number(argv[++i]));
    } else if (flag == "--rounds") {
      plan.rounds = static_cast<int>(number(argv[++i]));
    } else if (flag == "--seed") {
      plan.seed = number(argv[++i]);
    } else {
      std::fprintf(stderr, "clutch_soak: unknown: %s\n", argv[i]);
      return 2;
    }
  }
  if (!only_schedule) return soak(plan) ? 0 : 1;
  Schedule schedule(plan.seed);
  for (int round = 1; round <= plan.rounds; ++round) {
    for (const auto& fault : schedule.next_round()) std::printf("round %d: %s\n", round, describe(fault).c_str());
  }
  return 0;
}

}  // namespace
}  // namespace clutch::soak

int main(int argc, char** argv) { return clutch::soak::run(argc, argv); }
