#include "schedule.hpp"

#include <utility>

namespace clutch::soak {

const Shape& shape_of(Kind kind) {
  for (const auto& shape : shapes) {
    if (shape.kind == kind) return shape;
  }
  return shapes[0];
}

std::vector<Fault> Schedule::next_round() {
  std::vector<Fault> round;
  for (const auto& shape : shapes) {
    for (int i = 0; i < shape.a_round; ++i) {
      // An outage outlasts ClientOptions::connect_timeout.
      const std::uint64_t least = shape.kind == Kind::outage ? 1500 : 50;
      round.push_back({.kind = shape.kind,
                       .daemon = shape.of_the_daemon || random_() % 2 == 0,
                       .before = std::chrono::milliseconds(random_() % 800),
                       .lasts = std::chrono::milliseconds(least + random_() % 1000),
                       .random = random_()});
    }
  }
  // Not std::shuffle, which is another one with another library.
  for (auto i = round.size() - 1; i > 0; --i) std::swap(round[i], round[random_() % (i + 1)]);
  return round;
}

std::string describe(const Fault& fault) {
  return "after " + std::to_string(fault.before.count()) + " ms: " + std::string(shape_of(fault.kind).name) +
         ", of the " + (fault.daemon ? "daemon" : "pool") + ", for " + std::to_string(fault.lasts.count()) + " ms";
}

}  // namespace clutch::soak
