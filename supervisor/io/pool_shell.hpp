// Runs one pool: the core, a channel for each worker, the nursery. Steps are taken by one thread at a time, under the
// loop's guard: the loop's own, or a caller's that submits (design of the two: docs/architecture.md, "Threads").
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/pool_core.hpp"
#include "io/blocked_text.hpp"
#include "io/boot.hpp"
#include "io/call_log.hpp"
#include "io/event_loop.hpp"
#include "io/examinations.hpp"
#include "io/lane.hpp"
#include "io/nursery_link.hpp"
#include "io/oom_watch.hpp"
#include "io/pool_log.hpp"
#include "io/runtime_directory.hpp"
#include "io/stuck_calls.hpp"
#include "io/worker_channel.hpp"
#include "io/worker_end.hpp"

namespace clutch::io {

/// Where a pool's outcomes and its own life are reported; called under the guard, must not call back into the shell.
struct PoolEvents {
  std::function<void(core::ItemsDelivery&&)> on_items;
  std::function<void(core::Delivery&&)> on_outcome;
  std::function<void(core::ReceiptDelivery&&)> on_receipt;
  std::function<void()> on_started;
  std::function<void(const Error&)> on_failed;  ///< the start failed, or later the pool
  std::function<void()> on_stopped;             ///< every worker is gone
};

class PoolShell {
 public:
  /// Throws std::runtime_error or std::system_error, with a sentence, where the pool cannot be started.
  PoolShell(const PoolOptions&, EventLoop&, ZmqContext&, PoolEvents);
  ~PoolShell();
  PoolShell(const PoolShell&) = delete;
  PoolShell& operator=(const PoolShell&) = delete;

  void start(core::Time now);
  void drain(core::Time by, core::Time now);

  /// Replaces the workers by ones that import the code anew (PoolCore::reload). `on_end` is called once, under the
  /// guard, when that is over: with an error the workers that are there serve on. Must not call back into the shell.
  using ReloadEnd = std::function<void(const std::optional<Error>&)>;
  void reload(ReloadEnd on_end, core::Time now);

  [[nodiscard]] core::PoolCore& core() noexcept { return core_; }
  [[nodiscard]] PoolLog& log() noexcept { return log_; }
  [[nodiscard]] const core::PoolCore& core() const noexcept { return core_; }

  /// Reads the page first, so that a call which began is cancelled as one that began.
  void cancel(core::CallId call, core::Time now, std::optional<core::ReceiptRequest> receipt = std::nullopt);
  /// Does what the core wants done by now: sends, delivers, spawns, kills.
  void flush(core::Time now);
  /// A whole turn: time, messages, actions, until nothing is left to do at once. Loop thread.
  void turn(core::Time now);
  /// Whether a lane that flush() sent on has something to receive: then the loop must be rung, since the edge that
  /// would have rung it may be gone.
  [[nodiscard]] bool has_mail();
  /// When turn() is next worth calling.
  [[nodiscard]] core::Time next_time(core::Time now) const;

  struct WorkerFact {
    std::uint32_t worker = 0;
    std::uint64_t incarnation = 0;
    pid_t pid = 0;
    std::string_view state;
    std::uint64_t calls = 0;
    std::uint64_t restarts = 0;
    std::uint32_t in_flight = 0;
    std::uint32_t suspended = 0;
    std::uint32_t leaked = 0;
  };
  [[nodiscard]] std::vector<WorkerFact> worker_facts() const;
  [[nodiscard]] pid_t nursery_pid() const noexcept { return nursery_ ? nursery_->pid() : 0; }
  /// Whether a drain ended with workers that had to be killed.
  [[nodiscard]] bool drain_was_cut() const noexcept { return drain_cut_; }
  /// After everything stopped: waits, bounded, until the nursery is gone.
  void end_nursery();
  /// In a forked child: forget the processes and files, they are the parent's.
  void abandon() noexcept;

 private:
  void start_nursery();
  void on_nursery_event(NurseryEvent&&);
  void on_nursery_gone(const std::string& why);
  void perform(core::LifeAction&, core::Time now);
  void on_kill(const core::Kill&);
  void on_silence(const core::Silence&);
  void on_blocked(const core::Blocked&, core::Time now);
  void examine(Examination&&, core::Time now);
  void on_examined(Examination&&, core::Time now);
  void on_examined_before_kill(Examination&&, WorkerChannel&, core::Time now);
  void on_leaked(const core::Leaked&);
  void end_reload(const std::optional<Error>&);
  void pin(core::WorkerId);
  void spawn(const core::Spawn&, core::Time now);
  void read_pages(core::Time now);
  void read_rss(core::Time now);
  [[nodiscard]] bool time_is_due(core::Time now);
  void give_receipt(core::ReceiptDelivery&&, core::Time now);
  void send_runs(core::Actions&);
  void flush_controls();
  void end_exited(core::Time now);
  void tell_end(WorkerEnd&&, core::Incarnation, core::Time now);
  [[nodiscard]] WorkerChannel* channel(core::WorkerId) const noexcept;
  [[nodiscard]] WorkerChannel* channel(std::uint64_t incarnation) const noexcept;
  void note(LogLevel level, const std::string& text) { log_.write(level, "pool " + log_.name(), text); }

  PoolLog log_;
  CallLog call_log_{log_};
  BootPlan plan_;
  EventLoop& loop_;
  ZmqContext& context_;
  PoolEvents events_;
  RuntimeDirectory directory_;
  core::PoolCore core_;
  core::Actions doing_;
  std::vector<std::unique_ptr<WorkerChannel>> channels_;  // by WorkerId; null where there is none
  std::vector<std::uint32_t> dirty_;
  std::unique_ptr<NurseryLink> nursery_;
  std::size_t exited_ = 0;
  StuckCalls stuck_calls_;
  Examinations examinations_;
  OomWatch oom_watch_;
  bool drain_cut_ = false;
  bool controls_wait_ = false;  // some lane took not all of them
  core::Time page_read_ = {};
  std::vector<ReloadEnd> reload_ends_;
  bool watches_rss_ = false;
  core::Time rss_read_ = {};
  core::Time judge_at_ = {};  // not before: what was said while this process stood still is heard first
};

}  // namespace clutch::io
