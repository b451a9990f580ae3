// What the core wants done. The shell does all of it, then clears it.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "clutch/cancel_receipt.hpp"
#include "core/end_reason.hpp"
#include "core/types.hpp"

namespace clutch::core {

/// Send RUN of this call to its worker: PoolCore::run_of gives what goes into it.
struct SendRun {
  WorkerId worker;
  CallId call;
};

struct SendCancel {
  WorkerId worker;
  std::uint64_t seq = 0;
  CallId call;
  bool deadline = false;  ///< why: its deadline passed, not a caller's wish
};

struct SendCredit {
  WorkerId worker;
  std::uint64_t seq = 0;
  CallId call;
  StreamCredit credit;
};

struct SendPing {
  WorkerId worker;
  std::uint64_t n = 0;
};

/// Items of a stream. They are to be handed on before the outcomes of the same turn.
struct ItemsDelivery {
  SessionId session;
  std::uint64_t tag = 0;
  StreamItems items;
};

/// What became of the work that a session cancelled.
struct ReceiptDelivery {
  SessionId session;
  ReceiptId receipt;
  CancelReceipt what;
  CallId call{};                     ///< with `ignored`: which goes on
  std::optional<WorkerId> worker{};  ///< and where; nothing: no worker is to be asked where it is stuck
};

/// The one outcome of a call.
struct Delivery {
  SessionId session;
  std::uint64_t tag = 0;
  Outcome outcome;
};

struct Spawn {
  WorkerId worker;
  Incarnation incarnation;
  Time by = never;          ///< when it must be ready
  std::uint32_t place = 0;  ///< Worker::place
  std::optional<WorkerId> replaces{};
  bool was_vacant = true;  ///< the slot: it is not in the place of one that died there
};
struct Kill {
  WorkerId worker;
  Incarnation incarnation;
  std::string why;
};
struct SendStop {
  WorkerId worker;
  Time by = never;
};
/// It takes no more calls; another, which is ready, does.
struct Replaced {
  WorkerId worker;
  WorkerId by;
  EndReason why{};
};
/// What was to replace it did not start: it serves on, and there is another try at that time.
struct ReplaceFailed {
  WorkerId worker;
  Error error;
  Time again = never;
};
/// A spare serves in the place of one that is gone.
struct TookPlace {
  WorkerId worker;
  WorkerId of;
};
/// A reload is over: every worker runs code that was loaded anew, or, with an error, the old ones serve on.
struct Reloaded {
  std::optional<Error> error;
};
/// It left a PING unanswered for too long, or answers again: for the log, and for whoever can see a lost lane.
struct Silence {
  WorkerId worker;
  Incarnation incarnation;
  bool over = false;
};
/// A call has killed workers, again and again: for the log.
struct Quarantined {
  std::uint64_t fingerprint = 0;
  std::string function;
  std::uint32_t kills = 0;
};
/// Its loop has not turned for so long while it had calls, or turns again after so long: for the log.
struct Blocked {
  WorkerId worker;
  Incarnation incarnation;
  Duration stood{};
  bool over = false;
};
/// Its loop is blocked, and it is to be killed for that: find out by what, tell PoolCore::on_examined, then call
/// PoolCore::end_blocked.
struct Examine {
  WorkerId worker;
  Incarnation incarnation;
};
/// A call goes on although it was cancelled and its grace is over: for the log.
struct Leaked {
  WorkerId worker;
  CallId call;
  std::string function;
  bool in_thread = false;
  std::uint32_t count = 0;  ///< of its worker, this one included
  bool replaced = false;    ///< the worker is to be, for so many
};
struct Started {};
struct StartFailed {
  Error error;
};
/// The pool gives up: too many boots failed in a row.
struct PoolFailed {
  Error error;
};
/// Every worker is gone and none will come.
struct Stopped {};

/// Where a call is on its way, for the log: told only where PoolCoreOptions::call_steps asks for it.
struct CallStep {
  enum class What : std::uint8_t { refused, accepted, joined, replayed, queued, sent, begun, returned };
  What what = What::accepted;
  CallId call;   ///< of a refused or replayed one: none
  CallId joins;  ///< joined: the one whose outcome it waits for
  std::string function;
  std::uint64_t attempt = 1;
  std::optional<WorkerId> worker;  ///< where one has it
  std::size_t waiting = 0;         ///< queued: how many wait, this one included
  bool told_by_result = false;     ///< begun: nothing had told of it before
  std::string ended_as;  ///< refused, replayed, returned: "a value", or the error's code, the exception's type and the
                         ///< certainty
};

using LifeAction = std::variant<Spawn, Kill, SendStop, Replaced, ReplaceFailed, TookPlace, Reloaded, Silence, Blocked,
                                Examine, Leaked, Quarantined, Started, StartFailed, PoolFailed, Stopped>;

struct Actions {
  std::vector<SendRun> runs;
  std::vector<SendCancel> cancels;
  std::vector<SendCredit> credits;
  std::vector<SendPing> pings;
  std::vector<ItemsDelivery> items;
  std::vector<Delivery> deliveries;
  std::vector<ReceiptDelivery> receipts;
  std::vector<LifeAction> life;
  std::vector<CallStep> steps;

  void clear() noexcept {
    runs.clear();
    cancels.clear();
    credits.clear();
    pings.clear();
    items.clear();
    deliveries.clear();
    receipts.clear();
    life.clear();
    steps.clear();
  }
  [[nodiscard]] bool empty() const noexcept {
    return runs.empty() && cancels.empty() && credits.empty() && pings.empty() && items.empty() && deliveries.empty() &&
           receipts.empty() && life.empty() && steps.empty();
  }
};

}  // namespace clutch::core
