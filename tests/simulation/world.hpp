// One seed: a PoolCore, model workers, callers, and between them what the shell does (supervisor/io/pool_shell.cpp) at
// simulated times. After every turn it checks what must always hold.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/pool_core.hpp"
#include "coverage.hpp"
#include "ledger.hpp"
#include "model_worker.hpp"
#include "worker_trace.hpp"

namespace clutch::simulation {

class World {
 public:
  /// With `trace`, what happens is written down; with `coverage`, what met what; with `worker_traces`, what each
  /// worker did, and none of them misbehaves.
  World(std::uint64_t seed, bool trace, Coverage* coverage = nullptr, bool worker_traces = false);

  /// Throws Violation.
  void run();
  [[nodiscard]] const std::vector<std::string>& trace() const { return trace_; }
  [[nodiscard]] const std::vector<std::unique_ptr<WorkerTrace>>& worker_traces() const { return worker_traces_; }
  [[nodiscard]] std::uint64_t calls() const { return ledger_.delivered(); }
  [[nodiscard]] std::uint64_t items() const { return ledger_.items_delivered(); }
  [[nodiscard]] const core::PoolCounters& counters() const { return core_.counters(); }
  [[nodiscard]] std::uint64_t replaced() const { return replaced_; }
  [[nodiscard]] std::uint64_t took_place() const { return took_place_; }
  [[nodiscard]] std::uint64_t reloaded() const { return reloaded_; }

 private:
  struct Event {
    enum Kind { submit, cancel, detach, read, close_session, pause, resume, retire, reload, drain } kind;
    std::uint64_t tag = 0;
    std::uint32_t session = 0;
  };

  // callers.cpp: what callers do.
  void plan_callers();
  void act_for_callers();
  void submit(Time now);
  void cancel(std::uint64_t tag);
  void detach(std::uint64_t tag);
  void read(std::uint64_t tag);
  void on_items(const core::ItemsDelivery&);
  void close_session(std::uint32_t session);
  void retire();
  void reload();
  void drain();

  // world.cpp: time, and the shell.
  [[nodiscard]] Time next_time() const;
  void run_until_quiet();
  [[nodiscard]] bool only_pings_are_left() const;
  void step();
  void run_workers(Time until);
  void turn();
  void receive(ModelWorker&);
  void take(ModelWorker&, OutMessage&&);
  void read_pages();
  void read_page(ModelWorker&);
  void examine(Time now);
  void check_end(const core::Delivery&) const;
  void reap();
  void flush();
  void send_run(const core::SendRun&);
  void send_cancel(const core::SendCancel&);
  void send_credit(const core::SendCredit&);
  void send_ping(const core::SendPing&);
  void take_reply(const ModelWorker&, ReplyRecord&&);
  void act_on(const core::LifeAction&);
  void on_reloaded(const core::Reloaded&);
  [[nodiscard]] ModelWorker* worker(core::WorkerId id) { return workers_[id.value].get(); }
  void forge(ModelWorker&);
  void forge_from_the_dead();

  // observe.cpp: what the core is about to meet.
  void observe(core::CallId, CallEvent, StreamEvent);
  void observe(core::CallId, CallEvent);
  void observe(const ModelWorker&, WorkerEvent);
  void observe_reply(const ModelWorker&, const ReplyRecord&);
  void observe_begun(const ModelWorker&, const std::array<std::uint64_t, 2>& begun, WorkerEvent, WorkerEvent too_much);
  void observe_time();
  void observe_exit(const ModelWorker&);
  void observe_session(std::uint32_t session, CallEvent);
  void observe_drain();
  template <class Visit>
  void each_lease(const core::Worker& of, Visit visit);

  // checks.cpp
  void check_turn();
  void check_slots() const;
  void note_end_of(core::WorkerId);
  void check_respawn(core::WorkerId);
  void check_send(const ModelWorker&, const RunMessage&) const;
  void check_nothing_waits_in_vain() const;
  void check_at_rest();
  [[nodiscard]] bool order_matters() const;

  template <class... Part>
  void note(const Part&... part) {
    if (tracing_) write_down({word(part)...});
  }
  static std::string word(std::string_view text) { return std::string(text); }
  static std::string word(std::uint64_t number) { return std::to_string(number); }
  void write_down(std::initializer_list<std::string> words);

  std::uint64_t seed_;
  Random random_;
  Plan plan_;
  Ledger ledger_{plan_};
  bool tracing_;
  bool tracing_workers_;
  Coverage* coverage_;
  Time start_{1000h};
  Time now_{start_};    // real time
  Time clock_{start_};  // as the shell last read it
  Time page_read_{start_};
  Time page_due_{start_};  // a deadline is looked at only with pages read after the clock
  core::PoolCore core_;
  std::vector<std::unique_ptr<ModelWorker>> workers_;  // by WorkerId; null between an exit and the next spawn
  /// What is known of a worker's lives, to say when the next may begin.
  struct Lives {
    Time ready{never};  // never: not in this life
    Time ended{};
    bool answered = false;
    std::uint32_t short_ones = 0;  // in a row
  };
  std::vector<Lives> lives_;  // by WorkerId
  std::multimap<Time, Event> events_;
  std::map<std::uint64_t, std::uint64_t> tags_;  // by CallId
  std::vector<std::pair<core::WorkerId, core::Incarnation>> dead_;
  std::set<std::uint32_t> closed_;
  std::set<std::uint32_t> paused_;
  bool paused_ever_ = false;
  bool draining_ = false;
  struct Examination {
    Time at;
    core::WorkerId worker;
    core::Incarnation incarnation;
  };
  std::vector<Examination> examinations_;
  std::size_t stopped_ = 0;
  std::size_t started_ = 0;
  std::uint64_t replaced_ = 0;
  std::uint64_t took_place_ = 0;
  std::uint64_t reloaded_ = 0;
  bool reloading_ = false;
  core::Incarnation oldest_wanted_;  // by a reload: what is up when it is over is no older
  std::vector<std::string> trace_;
  std::vector<std::unique_ptr<WorkerTrace>> worker_traces_;
};

}  // namespace clutch::simulation
