// What one seed is about: the pool, its functions, how its workers behave and how often things break.
#pragma once

#include "core/functions.hpp"
#include "core/pool_options.hpp"
#include "random.hpp"

namespace clutch::simulation {

struct Plan {
  explicit Plan(Random& random);

  core::PoolCoreOptions options;
  std::uint32_t calls = 0;
  std::uint32_t sessions = 1;
  Duration submitting{};      ///< calls come over this time
  Duration lane_delay_max{};  ///< each lane delays each message by up to this
  Duration page_lag_max{};    ///< from the shell's reading the clock to its reading the pages
  // In a thousand.
  std::uint32_t has_timeout = 0;
  std::uint32_t cancels = 0;
  std::uint32_t detaches = 0;    ///< of the calls, a while after they were submitted
  std::uint32_t receipts = 0;    ///< of the cancels, that want one
  std::uint32_t streams = 0;     ///< of the calls
  std::uint32_t suspects = 0;    ///< of the calls, that have the same arguments
  std::uint32_t nested = 0;      ///< of the calls, that come from a worker
  std::uint32_t priorities = 0;  ///< of the calls, that are not `normal`
  std::uint32_t floods = 0;      ///< of the calls, that are the first session's anyway
  std::uint32_t flawed = 0;      ///< of the batches of items: some are no values
  std::uint32_t stalls = 0;      ///< of the readers, a batch: takes nothing for long
  std::uint32_t deaths = 0;      ///< of a worker, a turn of its loop
  std::uint32_t boot_fails = 0;
  std::uint32_t stillborn = 0;         ///< a boot: dies as soon as it has registered
  std::uint32_t misbehaves = 0;        ///< a turn: breaks the protocol
  Time misbehaves_until{1000h + 10s};  ///< not for ever: the waits between lives grow, and calls wait meanwhile
  std::uint32_t loses_control = 0;
  std::uint32_t edits = 0;    ///< a boot: registers something else than the others
  std::uint32_t retires = 0;  ///< in all, of any worker
  std::uint32_t reloads = 0;  ///< in all
  bool drains_early = false;
  bool closes_sessions = false;
  bool pauses_sessions = false;

  /// A worker's REGISTER. `random` decides whether and what was edited.
  [[nodiscard]] core::Registration registration(Random& random) const;
};

/// Names that are registered, from 0.
inline constexpr std::uint32_t function_count = 6;
[[nodiscard]] std::string function_name(std::uint32_t index);

}  // namespace clutch::simulation
