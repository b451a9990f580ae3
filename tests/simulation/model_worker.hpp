// A worker as PROTOCOL.md has it, one incarnation: begins in order, writes the page, then looks at the clock and the
// cancel mark, replies once, over two lanes of which each has delays of its own. Dies and misbehaves when told by
// chance.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>

#include "core/actions.hpp"
#include "core/loop_watch.hpp"
#include "ledger.hpp"

namespace clutch::simulation {

/// One direction of a lane: in order, each message after a delay of its own.
template <class Message>
class Lane {
 public:
  void send(Message message, Time arrival) {
    last_ = std::max(last_, arrival);
    messages_.emplace_back(last_, std::move(message));
  }
  [[nodiscard]] Time next() const { return messages_.empty() ? never : messages_.front().first; }
  std::optional<Message> receive(Time now) {
    if (next() > now) return std::nullopt;
    std::optional<Message> message(std::move(messages_.front().second));
    messages_.pop_front();
    return message;
  }
  [[nodiscard]] std::size_t size() const { return messages_.size(); }
  void cut(std::size_t keep) { messages_.resize(keep); }

 private:
  Time last_{};
  std::deque<std::pair<Time, Message>> messages_;
};

struct RunMessage {
  std::uint64_t seq = 0;
  core::CallId call;
  std::uint64_t tag = 0;
  std::uint32_t function = 0;
  Time expires = never;
  std::optional<StreamCredit> stream{};
};
struct ControlMessage {
  bool stop = false;
  std::uint64_t cancel_seq = 0;
  core::CallId call{};  ///< that cancel_seq names
  Time by = never;
  std::uint64_t ping = 0;                ///< else 0
  std::optional<StreamCredit> credit{};  ///< of the call that cancel_seq names
};
struct ItemsRecord {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::size_t bytes = 0;
  bool flawed = false;  ///< the shell finds that they are no values
};
struct EndRecord {
  std::uint64_t items = 0;
};
struct ReplyRecord {
  core::CallId call;
  std::variant<std::uint64_t, Error, ItemsRecord, EndRecord> what;  // a value is the tag
};
struct OutMessage {
  bool registers = false;
  bool boot_failed = false;
  std::vector<ReplyRecord> replies;
  std::optional<std::array<std::uint64_t, 2>> begun;
  std::uint64_t pong = 0;
};

class WorkerTrace;

class ModelWorker {
 public:
  ModelWorker(const Plan&, Random&, Ledger&, core::Spawn, Time now);

  [[nodiscard]] Time next() const;
  /// Everything up to and at `now`.
  void act(Time now);
  /// What it does is written down there from now on; null: nowhere. Then each ITEM has one item, of a size that is so.
  void trace_to(WorkerTrace* trace) { trace_ = trace; }
  void kill(Time at) { dies_at_ = std::min(dies_at_, at); }
  [[nodiscard]] bool reapable(Time now) const { return dead_ && reaped_at_ <= now; }
  [[nodiscard]] core::Exit exit() const;
  [[nodiscard]] bool has_registered() const { return registered_; }

  core::WorkerId id;
  core::Incarnation incarnation;
  core::Registration registration;
  std::array<std::uint64_t, 2> page{};
  core::Pulse pulse;
  std::optional<core::CallId> blocker;  ///< that blocks the loop for long
  Time blocked_since{};
  Lane<std::vector<RunMessage>> data_in;
  Lane<ControlMessage> control_in;
  Lane<OutMessage> data_out;
  Lane<OutMessage> control_out;
  std::uint64_t last_seq_sent = 0;             ///< by the supervisor
  std::map<std::uint32_t, std::uint32_t> has;  ///< by index in its registration: received and not replied
  std::map<std::uint64_t, RunMessage> leases;  ///< by tag: received or under way, and not replied
  /// Streams that stand without credit, by execution.
  [[nodiscard]] std::uint32_t suspended(std::size_t execution) const;

 private:
  struct Running {
    RunMessage run;
    Time ends;
    bool raises;
    bool heeds_cancel;
    bool cancelled;
    bool hasty = false;            // ends though its reader has no room
    std::uint64_t items_left = 0;  // of a stream; `ends` is when its next comes, or its end
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;
    std::uint32_t largest_batch = 1;

    [[nodiscard]] bool suspended() const {
      return run.stream && (items >= run.stream->items || bytes >= run.stream->bytes);
    }
    [[nodiscard]] Time due() const { return suspended() && !cancelled && !hasty ? never : ends; }
  };
  [[nodiscard]] std::size_t execution_of(const RunMessage&) const;
  [[nodiscard]] std::uint32_t bound(std::size_t execution) const;
  void boot(Time now);
  void receive_control(const ControlMessage&, Time now);
  void turn(Time now);
  [[nodiscard]] Time loop_next() const;
  void tick(Time now);
  void block(const RunMessage&, Time now);
  void receive(Time now);
  void on_cancel(std::uint64_t seq, Time now);
  void on_credit(std::uint64_t seq, StreamCredit credit);
  void end_what_is_due(Time now);
  [[nodiscard]] bool yields(Running&, Time now);
  void begin_in_thread(Time now);
  void first_line_in_thread(Time now);
  void begin_on_loop(Time now);
  void first_step(Time now);
  [[nodiscard]] bool passes_over(const RunMessage&, Time now);
  void start(const RunMessage&, std::size_t execution, Time now);
  void reply(const RunMessage&, std::variant<std::uint64_t, Error, ItemsRecord, EndRecord> what);
  void misbehave(Time now);
  void misbehave_in_stream(OutMessage&, Time now);
  void send(Time now);
  void die(Time now);
  [[nodiscard]] Time arrival(Time now) { return now + random_.between(1us, plan_.lane_delay_max); }

  const Plan& plan_;
  Random& random_;
  Ledger& ledger_;
  WorkerTrace* trace_ = nullptr;
  Time boots_at_;
  enum class BootEnd { ready, fails, dies, hangs } boot_end_;
  bool registered_ = false;
  Time busy_until_{};                      // the loop is in a step
  Time wakes_at_ = never;                  // more to begin
  Time beat_at_ = never;                   // while calls are in flight
  std::optional<RunMessage> starting_;     // shown on the page, its first step is next
  std::multimap<Time, RunMessage> taken_;  // by a thread, which comes to its first line then
  std::array<std::deque<RunMessage>, 2> pending_;
  std::array<std::vector<Running>, 2> running_;
  std::set<std::uint64_t> marks_;                  // seqs cancelled before they began
  std::map<std::uint64_t, StreamCredit> credits_;  // by seq, that came before their RUN
  std::uint64_t last_seq_ = 0;                     // received
  std::vector<ReplyRecord> replies_;
  std::optional<ReplyRecord> last_reply_;
  std::uint64_t ping_ = 0;  // to be answered
  bool began_ = false;
  bool stopping_ = false;
  Time dies_at_ = never;
  int signal_ = 9;
  int status_ = 0;
  bool dead_ = false;
  Time reaped_at_ = never;
};

}  // namespace clutch::simulation
