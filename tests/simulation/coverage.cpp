#include "coverage.hpp"

namespace clutch::simulation {
namespace {

using std::string_view;

// A pair that cannot be, and what of the core keeps it from being.
struct Impossible {
  string_view state;
  string_view event;
  string_view why;
};

struct Table {
  string_view name;
  std::span<const string_view> states;
  std::span<const string_view> events;
  std::span<const Impossible> impossible;
};

constexpr string_view call_states[] = {
    "queued", "sent", "sent_cancelled", "sent_answered", "begun", "begun_cancelled", "begun_answered", "over"};
constexpr string_view call_events[] = {"cancel",         "cancel_for_receipt", "detach", "session_closed",
                                       "session_paused", "shown_begun",        "result", "error_not_started",
                                       "error_started",  "foreign_reply",      "timer",  "worker_exited",
                                       "drain"};
constexpr Impossible call_impossible[] = {
    {"queued", "shown_begun", "no worker has it: mark_begun() goes by the worker's sent_order"},
    {"queued", "result", "no worker has it: that is a foreign_reply"},
    {"queued", "error_not_started", "no worker has it: that is a foreign_reply"},
    {"queued", "error_started", "no worker has it: that is a foreign_reply"},
    {"queued", "worker_exited", "no worker has it: it is in no leases"},
    {"begun", "shown_begun", "once: mark_begun() takes it out of sent_order"},
    {"begun_cancelled", "shown_begun", "once: mark_begun() takes it out of sent_order"},
    {"begun_answered", "shown_begun", "once: mark_begun() takes it out of sent_order"},
    {"over", "shown_begun", "it is in no leases"},
    {"over", "timer", "answer() and end_receipts() stop its timer; release() needs both"},
    {"over", "worker_exited", "it is in no leases"},
    {"over", "session_closed", "answer() takes it out of its session's calls"},
    {"over", "session_paused", "answer() takes it out of its session's calls"},
};

constexpr string_view stream_states[] = {"queued", "sent", "flowing", "suspended", "cancelled", "answered", "over"};
constexpr string_view stream_events[] = {
    "items", "items_beyond_credit", "flawed_items", "end", "wrong_end", "error", "result", "credit", "cancel",
    "timer", "worker_exited"};
constexpr Impossible stream_impossible[] = {
    {"queued", "items", "no worker has it: streaming() refuses the record as foreign"},
    {"queued", "items_beyond_credit", "no worker has it: streaming() refuses the record as foreign"},
    {"queued", "flawed_items", "no worker has it: streaming() refuses the record as foreign"},
    {"queued", "end", "no worker has it: streaming() refuses the record as foreign"},
    {"queued", "wrong_end", "no worker has it: streaming() refuses the record as foreign"},
    {"queued", "error", "no worker has it: on_error() refuses the record as foreign"},
    {"queued", "result", "no worker has it: on_result() refuses the record as foreign"},
    {"queued", "worker_exited", "no worker has it: it is in no leases"},
    {"suspended", "items", "without credit any item is beyond it: count_items()"},
    {"suspended", "flawed_items", "without credit any item is beyond it: count_items()"},
    {"suspended", "timer", "await_next_item() stops attempt_timeout; what remains is a deadline"},
    {"over", "items_beyond_credit", "nothing of it is kept that they could be beyond: `items`"},
    {"over", "wrong_end", "nothing of it is kept that it could contradict: `end`"},
    {"over", "timer", "answer() stops its timer"},
    {"over", "worker_exited", "it is in no leases"},
};

constexpr string_view worker_states[] = {"absent", "booting",  "standby",  "ready",
                                         "silent", "retiring", "stopping", "condemned"};
constexpr string_view worker_events[] = {"registered", "boot_failed",   "reply",  "begun",        "begun_too_much",
                                         "page",       "page_too_much", "pong",   "pong_unasked", "violation",
                                         "timer",      "drain",         "exited", "late"};
constexpr string_view absent = "current() gives none: what comes is `late`";
constexpr Impossible worker_impossible[] = {
    {"absent", "registered", absent},
    {"absent", "boot_failed", absent},
    {"absent", "reply", absent},
    {"absent", "begun", absent},
    {"absent", "begun_too_much", absent},
    {"absent", "page", absent},
    {"absent", "page_too_much", absent},
    {"absent", "pong", absent},
    {"absent", "pong_unasked", absent},
    {"absent", "violation", absent},
    {"absent", "exited", absent},
    {"booting", "pong", "it was sent no PING: any is unasked"},
    {"condemned", "timer", "on_violation() stops it"},
    {"retiring", "timer", "take_over() stops it, and on_pong() sets it for a ready one alone"},
    {"silent", "timer", "ping() leaves act_at at never until it answers"},
};

const Table tables[] = {{"call", call_states, call_events, call_impossible},
                        {"stream", stream_states, stream_events, stream_impossible},
                        {"worker", worker_states, worker_events, worker_impossible}};

const Impossible* listed(const Table& table, string_view state, string_view event) {
  for (const auto& each : table.impossible) {
    if (each.state == state && each.event == event) return &each;
  }
  return nullptr;
}

bool report_pair(const Table& table, std::size_t state, std::size_t event, std::uint64_t count, bool all) {
  const auto name_of_state = table.states[state];
  const auto name_of_event = table.events[event];
  const auto* impossible = listed(table, name_of_state, name_of_event);
  const auto say = [&](string_view what) {
    std::printf("%s: %s x %s: %s\n", table.name.data(), name_of_state.data(), name_of_event.data(), what.data());
  };
  if (all && count != 0) std::printf("%12llu  ", static_cast<unsigned long long>(count)), say("met");
  if (all && impossible != nullptr) std::printf("%12s  ", "-"), say(impossible->why);
  if (count == 0 && impossible == nullptr) say("never met, and not listed as impossible");
  if (count != 0 && impossible != nullptr) say("met, and listed as impossible");
  return (count == 0) == (impossible != nullptr);
}

}  // namespace

CallPhase phase_of(const core::Call* call) noexcept {
  if (call == nullptr) return CallPhase::over;
  switch (call->state) {
    case core::CallState::free:
      return CallPhase::over;
    case core::CallState::queued:
    case core::CallState::joined:  // the simulation's calls have no idempotency keys
      return CallPhase::queued;
    case core::CallState::sent:
      if (call->answered) return CallPhase::sent_answered;
      return call->cancel_sent ? CallPhase::sent_cancelled : CallPhase::sent;
    case core::CallState::begun:
      break;
  }
  if (call->answered) return CallPhase::begun_answered;
  return call->cancel_sent ? CallPhase::begun_cancelled : CallPhase::begun;
}

StreamPhase stream_phase_of(const core::Call* call) noexcept {
  if (call == nullptr || call->state == core::CallState::free) return StreamPhase::over;
  if (call->state == core::CallState::queued) return StreamPhase::queued;
  if (call->answered) return StreamPhase::answered;
  if (call->cancel_sent) return StreamPhase::cancelled;
  if (call->state == core::CallState::sent) return StreamPhase::sent;
  return call->stream->suspended ? StreamPhase::suspended : StreamPhase::flowing;
}

WorkerPhase phase_of(const core::Worker& worker) noexcept {
  switch (worker.state) {
    case core::WorkerState::absent:
      return WorkerPhase::absent;
    case core::WorkerState::booting:
      return WorkerPhase::booting;
    case core::WorkerState::standby:
      return WorkerPhase::standby;
    case core::WorkerState::ready:
      return worker.silent ? WorkerPhase::silent : WorkerPhase::ready;
    case core::WorkerState::retiring:
      return WorkerPhase::retiring;
    case core::WorkerState::stopping:
      return WorkerPhase::stopping;
    case core::WorkerState::condemned:
      break;
  }
  return WorkerPhase::condemned;
}

void Coverage::met(CallPhase phase, CallEvent event) noexcept {
  ++counts_[0][static_cast<std::size_t>(phase)][static_cast<std::size_t>(event)];
}
void Coverage::met(StreamPhase phase, StreamEvent event) noexcept {
  ++counts_[1][static_cast<std::size_t>(phase)][static_cast<std::size_t>(event)];
}
void Coverage::met(WorkerPhase phase, WorkerEvent event) noexcept {
  ++counts_[2][static_cast<std::size_t>(phase)][static_cast<std::size_t>(event)];
}

bool Coverage::report(bool all) const {
  bool good = true;
  std::size_t met = 0, impossible = 0;
  for (std::size_t i = 0; i < std::size(tables); ++i) {
    const Table& table = tables[i];
    for (std::size_t state = 0; state < table.states.size(); ++state) {
      for (std::size_t event = 0; event < table.events.size(); ++event) {
        const auto count = counts_[i][state][event];
        ++(count != 0 ? met : impossible);
        good = report_pair(table, state, event, count, all) && good;
      }
    }
  }
  std::printf("of the pairs of state and event %zu were met, %zu %s\n", met, impossible,
              good ? "are listed as impossible" : "were not");
  return good;
}

}  // namespace clutch::simulation
