#include "core/quarantine.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/fingerprint.hpp"

namespace clutch::core {

Quarantine::Verdict Quarantine::verdict(std::uint64_t fingerprint, Time now) {
  const auto at = entries_.find(fingerprint);
  if (at == entries_.end()) return Verdict::free;
  if (at->second.until <= now) {
    entries_.erase(at);
    return Verdict::free;
  }
  if (at->second.quarantined) return Verdict::quarantined;
  return at->second.kills + 1 >= after_ ? Verdict::alone : Verdict::free;
}

bool Quarantine::on_kill(std::uint64_t fingerprint, std::string_view function, bool alone, Time now) {
  if (!wanted() || fingerprint == 0) return false;
  if (!entries_.contains(fingerprint)) make_room(now);
  Entry& entry = entries_[fingerprint];
  if (entry.until <= now) entry = {};
  if (entry.kills == 0) entry.function = function;
  entry.fingerprint = fingerprint;
  entry.until = after(now, ttl_);
  ++entry.kills;
  return alone && entry.kills >= after_ && !std::exchange(entry.quarantined, true);
}

void Quarantine::on_survived(std::uint64_t fingerprint) {
  const auto at = entries_.find(fingerprint);
  if (at != entries_.end() && !at->second.quarantined) entries_.erase(at);
}

std::size_t Quarantine::lift(std::string_view fingerprint) {
  return std::erase_if(
      entries_, [fingerprint](const auto& entry) { return fingerprint == "all" || fingerprint == shown(entry.first); });
}

std::vector<Quarantine::Entry> Quarantine::list(Time now) {
  std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
  std::vector<Entry> all;
  for (const auto& [fingerprint, entry] : entries_) all.push_back(entry);
  std::sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.until, a.fingerprint) < std::tie(b.until, b.fingerprint);
  });
  return all;
}

// What is quarantined is the last to be forgotten for want of room, the oldest first.
void Quarantine::make_room(Time now) {
  if (entries_.size() < entries_max) return;
  std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
  if (entries_.size() < entries_max) return;
  entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.second.quarantined, a.second.until) < std::tie(b.second.quarantined, b.second.until);
  }));
}

}  // namespace clutch::core
