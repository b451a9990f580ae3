// A worker as the core sees it: where it is in its life, and the calls it has.
//
//   state     | event            -> state     | what is done
//   ----------+--------------------------------+------------------------------------------------
//   absent    | respawn is due   -> booting   | Spawn
//   absent    | one is to be replaced -> booting | Spawn, of a slot that is vacant
//   booting   | registered       -> ready     | calls are sent to it, and none any more to the one that it replaces
//   booting   | registered, a spare -> standby | nothing; where a place is empty it takes it: ready
//   booting   | boot failed, exit, late -> absent | respawn later, or the pool fails; whom it was to replace serves on
//   standby   | a worker died    -> ready     | it takes its place; where that one was, a new spare is started
//   ready     | replaced         -> retiring  | no more calls; those it has may end, within stop_timeout
//   retiring  | its last call ends, or is leaked -> stopping | Stop
//   ready     | stop             -> stopping  | Stop; no more calls
//   ready     | exit             -> absent    | begun calls end as worker_lost, others are queued again, respawn: at
//             |                               | once, later where one short life follows another
//   retiring, stopping | exit    -> absent    | as above, no respawn
//   retiring, stopping | stop_timeout is over -> condemned | Kill
//   ready, retiring | its loop is blocked, and a call overdue or stall_limit over -> condemned | Examine, then Kill
//   any but absent | broke the protocol -> condemned | Kill
//   condemned | exit             -> absent    | as from ready, or from retiring
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "core/call.hpp"
#include "core/end_reason.hpp"
#include "core/loop_watch.hpp"
#include "core/window.hpp"

namespace clutch::core {

/// What the watchdog thread of a worker whose loop is blocked says.
struct Sight {
  CallId at;  ///< the call that the loop is at; 0: that is not known
  std::string stack = {};
};

/// Who brought a worker's end about, where it is known; of how many calls that it had begun.
struct Verdict {
  std::optional<Culprit> culprit = {};
  std::size_t among = 0;  ///< 0: no call did, or nothing shows whether one did
};

enum class WorkerState : std::uint8_t { absent, booting, standby, ready, retiring, stopping, condemned };

/// What the slot is there for. As many as the pool has workers serve; one replaces, at most.
enum class Duty : std::uint8_t {
  none,     ///< vacant, or left by a worker that was replaced and is still there
  serve,    ///< takes calls whenever it is ready
  spare,    ///< takes none, but the place of one that serves when that one is gone
  replace,  ///< boots in order to take over what another does
};

[[nodiscard]] std::string_view to_string(WorkerState) noexcept;

/// The calls of one kind of execution at one worker.
struct Lane {
  std::deque<std::pair<std::uint64_t, CallId>> sent_order;  ///< by seq; those that are over are passed by
  std::uint32_t sent = 0;                                   ///< not begun
  std::uint32_t begun = 0;                                  ///< and not finished
  std::uint64_t last_seq = 0;                               ///< the latest sent
  std::uint64_t seen = 0;                                   ///< begun as far as this, by page or record
  std::uint64_t recorded = 0;  ///< on the loop, begun as far as this by record: their code ran
  std::uint32_t bound = 0;     ///< begun and sent never exceed it, but for one kept ahead where it is 1
  bool windowed = false;       ///< threads begin at once what they are sent: their bound is window enough
  Window window;

  [[nodiscard]] bool has_room() const noexcept {
    const auto most = bound == 1 ? 2 : bound;
    return sent + begun < most && (!windowed || sent < window.size());
  }
};

struct Worker {
  WorkerId id;
  WorkerState state = WorkerState::absent;
  Incarnation incarnation;
  std::uint64_t next_seq = 1;
  std::array<Lane, executions> lanes;
  std::vector<std::uint32_t> index_of;  ///< by FunctionId: its position in this worker's REGISTER, or absent_index
  std::vector<std::uint32_t> running;   ///< by FunctionId: sent or begun
  bool reserved = false;                ///< for a call that is to run alone: it gets no other
  bool runs_alone = false;              ///< it has that call
  std::uint32_t suspended = 0;          ///< streams without credit: neither lane counts them
  IntrusiveList<Call, PlaceTag> leases;
  Time act_at = never;               ///< absent: respawn; booting: too late; ready: PING, or too late for its answer
  std::uint64_t pings = 0;           ///< sent, in this life
  std::uint64_t pings_answered = 0;  ///< up to this one
  bool silent = false;               ///< it left one unanswered for too long, and still does
  LoopWatch watch;
  bool has_overdue = false;           ///< calls of it may go on past the grace after their cancel
  std::uint32_t leaked = 0;           ///< of those, that do while its loop turns
  Time blocked_at = Time::min();      ///< the last reading at which its loop was blocked
  std::optional<Sight> sight;         ///< while that is blocked, once it was examined
  bool examined = false;              ///< or is being, in order to be killed
  std::string end_cause;              ///< it was killed as its loop was blocked; else empty
  std::optional<Time> blocked_since;  ///< it was told of as blocked, and still is
  std::optional<Error> boot_error;
  std::uint32_t boots_failed = 0;  ///< in a row
  std::uint32_t short_lives = 0;   ///< in a row: PoolCoreOptions::settled_after
  Time ready_since{};
  bool answered = false;  ///< a call, in this life
  std::uint64_t restarts = 0;
  std::uint64_t calls = 0;
  Duty duty = Duty::none;
  std::uint32_t place = 0;                        ///< among those that serve, 0 … workers-1: goes with the duty
  WorkerId replaces;                              ///< with Duty::replace
  std::optional<EndReason> retires;               ///< it is to be replaced, or was
  std::optional<EndReason> ended_as;              ///< why it was told to end, the first time
  bool was_vacant = true;                         ///< before this life
  std::uint64_t generation = 0;                   ///< of its code: PoolCore::reload
  std::uint64_t life_calls = 0;                   ///< sent to it in this life
  std::uint64_t calls_until = ~std::uint64_t{0};  ///< of those; then it is to be replaced
  std::uint64_t rss_until = ~std::uint64_t{0};    ///< bytes; then, too
  Time age_until = never;                         ///< then, too
  Time leave_by = never;                          ///< of one that was replaced: then it is killed

  static constexpr std::uint32_t absent_index = ~std::uint32_t{0};

  [[nodiscard]] Lane& lane(Execution execution) noexcept { return lanes[static_cast<std::size_t>(execution)]; }
  [[nodiscard]] const Lane& lane(Execution execution) const noexcept {
    return lanes[static_cast<std::size_t>(execution)];
  }
  /// It has said ready, and nobody has told it to end.
  [[nodiscard]] bool is_up() const noexcept { return state == WorkerState::ready || state == WorkerState::standby; }
  /// Another call may be sent to it, as far as it alone is concerned.
  [[nodiscard]] bool takes_calls() const noexcept {
    return state == WorkerState::ready && !silent && !reserved && !watch.blocked();
  }
  /// Every call that it has goes on although it was cancelled: nothing is left to wait for.
  [[nodiscard]] bool only_leaked() const noexcept { return load() + suspended == leaked; }
  /// Neither takes calls nor will.
  [[nodiscard]] bool vacant() const noexcept { return state == WorkerState::absent && duty == Duty::none; }
  [[nodiscard]] std::uint32_t load() const noexcept {
    return lanes[0].sent + lanes[0].begun + lanes[1].sent + lanes[1].begun;
  }
  [[nodiscard]] bool has(FunctionId function) const noexcept {
    return function.value < index_of.size() && index_of[function.value] != absent_index;
  }
};

}  // namespace clutch::core
