// One call as the supervisor keeps it, and the table of them.
#pragma once

#include <memory>
#include <vector>

#include "core/intrusive_list.hpp"
#include "core/timer_wheel.hpp"
#include "core/types.hpp"

namespace clutch::core {

enum class CallState : std::uint8_t {
  free,    ///< a slot without a call
  joined,  ///< it waits for the outcome of another: Call::joined
  queued,  ///< here; no worker has it
  sent,    ///< a worker has it and has not said, nor shown, that it began
  begun,   ///< its code ran, or may have
};

/// Why a call must begin sooner than its caller says.
enum class Haste : std::uint8_t {
  none,
  nested,  ///< a worker of the pool waits for it
  alone,   ///< a worker is kept free for it
};

struct PlaceTag {};    // in a queue, or among a worker's leases
struct SessionTag {};  // among a session's calls

/// What a call that is a stream has beside: what came of it, and what its reader has room for.
struct StreamProgress {
  StreamCredit credit;
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
  bool suspended = false;  ///< begun and without credit: counted by the worker's `suspended` alone

  [[nodiscard]] bool has_credit() const noexcept { return items < credit.items && bytes < credit.bytes; }
};

struct Call;

/// What an execution has beside that was asked for with an idempotency key: the calls that wait for its outcome. It is
/// nobody's own call, and is cancelled when none waits any more.
struct SharedExecution {
  std::string key;
  IntrusiveList<Call, PlaceTag> waiters;
};

/// Stays at its address. `answered`: the caller has its outcome, the slot waits for the worker to be done with it.
struct Call : Link<PlaceTag>, Link<SessionTag>, Timer {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  CallState state = CallState::free;
  Execution execution = Execution::loop;
  Certainty certainty = Certainty::not_started;
  Priority priority = Priority::normal;
  Haste haste = Haste::none;  ///< why queue_deadline is what it is, where the caller did not set it
  bool alone = false;         ///< no other call may be at its worker: it may be what kills it
  bool answered = false;
  bool cancel_sent = false;
  bool maybe_passed_over = false;  ///< cancelled or expired when it was shown begun: its code need not have run
  bool detached = false;
  bool leaked = false;         ///< answered, and goes on although it was cancelled: counted by its worker
  bool owes_receipts = false;  ///< PoolCore::receipts_ has some of it
  FunctionId function;
  WorkerId worker;
  SessionId session;
  std::uint64_t seq = 0;
  std::uint64_t tag = 0;
  std::uint64_t attempt = 1;
  std::uint64_t fingerprint = 0;  ///< known once it has begun and not ended, or was suspected before
  Request request;                ///< until it began
  Blob metadata;
  std::unique_ptr<StreamProgress> stream;   ///< null: it is none
  std::unique_ptr<SharedExecution> shared;  ///< null: it is its caller's own
  Call* joined = nullptr;                   ///< whose outcome it waits for, in that state
  std::size_t request_bytes = 0;
  Time deadline = never;
  Time queue_deadline = never;
  Time attempt_deadline = never;
  Time overdue_at = never;  ///< once it was cancelled: the end of its grace
  Duration attempt_timeout{};

  [[nodiscard]] CallId id() const noexcept { return {std::uint64_t{generation} << 32 | slot}; }
  /// Past this it must not begin.
  [[nodiscard]] Time expires() const noexcept { return std::min(deadline, queue_deadline); }
};

/// Slots in chunks, so that a call keeps its address and growing copies nothing. A slot is used again at once; its
/// generation tells a late reply from a true one.
class CallTable {
 public:
  [[nodiscard]] Call& take();
  void release(Call&) noexcept;
  /// nullptr where that call is over.
  [[nodiscard]] Call* find(CallId) noexcept;
  [[nodiscard]] const Call* find(CallId id) const noexcept { return const_cast<CallTable*>(this)->find(id); }
  [[nodiscard]] std::size_t size() const noexcept { return used_; }

 private:
  static constexpr std::size_t chunk_calls = 256;

  std::vector<std::unique_ptr<Call[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::size_t used_ = 0;
};

}  // namespace clutch::core
