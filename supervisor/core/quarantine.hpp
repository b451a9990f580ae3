// Which calls have killed workers, by fingerprint (fingerprint.hpp), and what follows: one whose worker died once less
// than `after` is run alone, so that it is known who kills and who was merely there; one that kills then is
// quarantined. Bounded in size and time. Pure.
//
//   kills            | its next run
//   -----------------+------------------------------------------------
//   below after - 1  | as any other
//   after - 1 and on | alone in its worker
//   after, the last while it was alone | none: refused as `quarantined`, until it is lifted or its time is over
//
// A run that ends with its worker alive clears it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/types.hpp"

namespace clutch::core {

class Quarantine {
 public:
  static constexpr std::size_t entries_max = 1024;

  enum class Verdict : std::uint8_t { free, alone, quarantined };
  struct Entry {
    std::uint64_t fingerprint = 0;
    std::string function;
    std::uint32_t kills = 0;
    bool quarantined = false;
    Time until = never;  ///< then it is forgotten
  };

  /// `after` 0: nothing is ever kept.
  Quarantine(std::uint32_t after, Duration ttl) : after_(after), ttl_(ttl) {}

  [[nodiscard]] bool wanted() const noexcept { return after_ != 0; }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] Verdict verdict(std::uint64_t fingerprint, Time now);
  /// Its worker died while it ran. `alone`: nothing else can have been the cause. True: it is quarantined by this.
  bool on_kill(std::uint64_t fingerprint, std::string_view function, bool alone, Time now);
  void on_survived(std::uint64_t fingerprint);
  /// By its fingerprint as it is shown, or "all": how many there were.
  std::size_t lift(std::string_view fingerprint);
  /// What is quarantined, and what may come to be, the latest last.
  [[nodiscard]] std::vector<Entry> list(Time now);

 private:
  void make_room(Time now);

  std::uint32_t after_;
  Duration ttl_;
  std::unordered_map<std::uint64_t, Entry> entries_;
};

}  // namespace clutch::core
