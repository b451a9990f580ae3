// Which event met a call, a stream or a worker in which state, over all seeds. A pair must be met, or be listed as one
// that cannot be; a listed one that is met is a defect of the list, or of the core.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>

#include "core/call.hpp"
#include "core/worker.hpp"

namespace clutch::simulation {

/// As the core keeps a call: where it is, and what its caller was told. `answered`: the worker is not done with it.
enum class CallPhase : std::uint8_t {
  queued,
  sent,
  sent_cancelled,
  sent_answered,
  begun,
  begun_cancelled,
  begun_answered,
  over,
};
enum class CallEvent : std::uint8_t {
  cancel,
  cancel_for_receipt,
  detach,
  session_closed,
  session_paused,
  shown_begun,
  result,
  error_not_started,
  error_started,
  foreign_reply,  ///< from a worker that does not have it
  timer,
  worker_exited,
  drain,
};

enum class StreamPhase : std::uint8_t {
  queued,
  sent,
  flowing,    ///< begun, its reader has room
  suspended,  ///< begun, without credit
  cancelled,  ///< its worker was told to end it
  answered,   ///< its caller has the outcome
  over,
};
enum class StreamEvent : std::uint8_t {
  items,
  items_beyond_credit,
  flawed_items,
  end,
  wrong_end,
  error,
  result,
  credit,
  cancel,
  timer,
  worker_exited,
};

enum class WorkerPhase : std::uint8_t { absent, booting, standby, ready, silent, retiring, stopping, condemned };
enum class WorkerEvent : std::uint8_t {
  registered,
  boot_failed,
  reply,
  begun,
  begun_too_much,
  page,
  page_too_much,
  pong,
  pong_unasked,
  violation,
  timer,
  drain,
  exited,
  late,  ///< anything of an incarnation that is not the present one
};

[[nodiscard]] CallPhase phase_of(const core::Call* call) noexcept;
[[nodiscard]] StreamPhase stream_phase_of(const core::Call* call) noexcept;
[[nodiscard]] WorkerPhase phase_of(const core::Worker& worker) noexcept;

class Coverage {
 public:
  void met(CallPhase, CallEvent) noexcept;
  void met(StreamPhase, StreamEvent) noexcept;
  void met(WorkerPhase, WorkerEvent) noexcept;
  void met(const core::Call* call, CallEvent event) noexcept { met(phase_of(call), event); }
  void met(const core::Call* call, StreamEvent event) noexcept { met(stream_phase_of(call), event); }
  void met(const core::Worker& worker, WorkerEvent event) noexcept { met(phase_of(worker), event); }

  /// Says what was not met and is not listed, and what is listed and was met; with `all` how often each. Whether there
  /// is none of either.
  [[nodiscard]] bool report(bool all) const;

 private:
  static constexpr std::size_t size_max = 16;
  using Counts = std::array<std::array<std::uint64_t, size_max>, size_max>;  // by state, by event

  std::array<Counts, 3> counts_{};  // of calls, streams, workers
};

}  // namespace clutch::simulation
