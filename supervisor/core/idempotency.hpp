// Which idempotency keys a pool knows: the call of which is under way, and how those that are done ended. Bounded in
// number, bytes and time. Pure.
//
//   the key is   | the same function and arguments come | others come
//   -------------+--------------------------------------+-------------
//   unknown      | executed                             | executed
//   under way    | joined: the same outcome             | refused
//   done         | replayed: the outcome that is kept   | refused
//
// A key whose call ended as `not_started` is unknown again: nothing ran. Any other end is kept, a worker's death too,
// so that what may have run does not run again.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/types.hpp"

namespace clutch::core {

/// Its own copy of what is small; payload frames are shared.
[[nodiscard]] Outcome copy_of(const Outcome&);

class IdempotencyKeys {
 public:
  struct Entry {
    std::uint64_t fingerprint = 0;                  ///< of its function and arguments
    std::optional<CallId> under_way;                ///< nothing: it is done
    CallId of;                                      ///< which it was, of one that is done
    std::optional<Outcome> outcome;                 ///< of one that is done; nothing: too large to be kept
    std::size_t bytes = 0;                          ///< what keeping it costs
    Time until = never;                             ///< then it is forgotten
    std::list<std::string_view>::iterator place{};  ///< in done_, of one that is done
  };

  /// Beyond `keys_max` ends, or `bytes_max` of them, the oldest are forgotten. `ttl` zero: none is kept.
  IdempotencyKeys(Duration ttl, std::size_t keys_max, std::size_t bytes_max)
      : ttl_(ttl), keys_max_(keys_max), bytes_max_(bytes_max) {}

  /// nullptr: it is unknown. Valid until the next call of anything else here.
  [[nodiscard]] const Entry* find(std::string_view key, Time now);
  /// It was unknown: that call executes it from now on.
  void begin(const std::string& key, std::uint64_t fingerprint, CallId);
  /// In the place of the call that executed it and never began.
  void execute_again(std::string_view key, CallId);
  /// That call's execution ended. Nothing where the key is another's by now.
  void end(std::string_view key, CallId, const Outcome&);
  /// Its worker told later what became of a call that had ended already, at its deadline for instance.
  void amend(std::string_view key, CallId, const Outcome&);
  /// What ended since is kept from now on; what is old is forgotten.
  void settle(Time now);
  /// When settle() is next worth calling.
  [[nodiscard]] Time next_time() const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  /// Of those that are done.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Entries = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;

  void keep(Entries::iterator, const Outcome&);
  void forget(Entries::iterator);
  void make_room();

  Duration ttl_;
  std::size_t keys_max_;
  std::size_t bytes_max_;
  Entries entries_;
  std::list<std::string_view> done_;  // the oldest first; the last unsettled_ have no `until` yet
  std::size_t unsettled_ = 0;
  std::size_t bytes_ = 0;
  Time settled_ = Time::min();
};

}  // namespace clutch::core
