// Randomness for what must not happen everywhere at once. Its seed comes from outside, so that a test replays. Pure.
#pragma once

#include <cstdint>

namespace clutch::core {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) noexcept : state_(seed) {}

  /// 0 … 1.
  [[nodiscard]] double fraction() noexcept {  // SplitMix64
    std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15u;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9u;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
  }

 private:
  std::uint64_t state_;
};

}  // namespace clutch::core
