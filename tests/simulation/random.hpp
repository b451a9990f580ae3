// A seeded source of chance that gives the same everywhere, unlike the standard library's distributions.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "core/types.hpp"

namespace clutch::simulation {

using core::Duration;
using core::never;
using core::Time;
using namespace std::chrono_literals;

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed * 0x9e37'79b9'7f4a'7c15u) {}

  std::uint64_t next() noexcept {  // SplitMix64
    std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15u;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9u;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebu;
    return z ^ (z >> 31);
  }
  /// 0 … bound-1.
  std::uint32_t below(std::uint64_t bound) noexcept { return static_cast<std::uint32_t>(next() % bound); }
  bool chance(std::uint32_t in_a_thousand) noexcept { return below(1000) < in_a_thousand; }
  Duration between(Duration least, Duration most) noexcept {
    return least + Duration(static_cast<std::int64_t>(next() % static_cast<std::uint64_t>((most - least).count() + 1)));
  }
  /// As often 1 … 10 us as 0.1 … 1 s: what is scaled alike meets in races.
  Duration any_scale(Duration least, Duration most) noexcept {
    Duration top = least;
    while (top < most && below(3) != 0) top *= 4;
    return between(least, top < most ? top : most);
  }
  template <class T>
  T pick(std::initializer_list<T> of) noexcept {
    return of.begin()[below(of.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace clutch::simulation
