#include "io/pool_shell.hpp"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <random>

#include "io/access.hpp"
#include "io/find_program.hpp"
#include "io/overloaded.hpp"
#include "io/pin_threads.hpp"
#include "io/resident.hpp"

namespace clutch::io {
namespace {

constexpr auto retry_interval = std::chrono::milliseconds(10);  // how often a lane that takes nothing is tried again
constexpr auto drain_interval = std::chrono::milliseconds(1);   // how often a dead worker's lanes are looked at
constexpr auto rss_interval = std::chrono::seconds(1);
constexpr auto stood_still = std::chrono::seconds(1);  // late by so much, and not by a busy loop
constexpr auto hear_first = std::chrono::milliseconds(200);
constexpr int rounds_a_turn = 16;  // then the loop looks at its descriptors again

core::PoolCoreOptions core_options(const PoolOptions& options, const PoolLog& log) {
  core::PoolCoreOptions core;
  core.workers = options.workers;
  core.spares = options.spares;
  core.restarts_max = options.restarts_max;
  core.restarts_within = options.restarts_within;
  core.concurrency = options.concurrency;
  core.threads = options.threads;
  core.attempt_timeout = options.attempt_timeout;
  core.start_timeout = options.start_timeout;
  core.cancel_grace = options.cancel_grace;
  core.blocked_after = options.blocked_after;
  core.stall_limit = options.stall_limit;
  core.leaked_max = options.leaked_max;
  core.pool_concurrency = options.pool_concurrency;
  core.queued_calls_max = options.queued_calls_max;
  core.queued_bytes_max = options.queued_bytes_max;
  core.client_queued_calls_max = options.client_queued_calls_max;
  core.client_queued_bytes_max = options.client_queued_bytes_max;
  core.max_calls = options.max_calls;
  core.max_age = options.max_age;
  core.max_rss = options.max_rss;
  core.stop_timeout = options.stop_timeout;
  core.jitter = 0.1;
  core.seed = std::random_device()();
  core.quarantine_after = options.quarantine_after;
  core.quarantine_ttl = options.quarantine_ttl;
  core.idempotency_ttl = options.idempotency_ttl;
  core.idempotency_keys_max = options.idempotency_keys_max;
  core.idempotency_bytes_max = options.idempotency_bytes_max;
  core.ping_interval = limits::ping_interval;
  core.call_steps = log.wants(LogLevel::debug);
  return core;
}

}  // namespace

PoolShell::PoolShell(const PoolOptions& options, EventLoop& loop, ZmqContext& context, PoolEvents events)
    : log_(options.log, options.log_level, options.name),
      plan_(options),
      loop_(loop),
      context_(context),
      events_(std::move(events)),
      directory_(plan_.access.credentials.has_value()),
      core_(core_options(options, log_), EventLoop::Clock::now()),
      channels_(core_.workers().size()),
      watches_rss_(options.max_rss != 0) {
  if (plan_.access.credentials) open_directory(directory_.path());
  start_nursery();
}

PoolShell::~PoolShell() { end_nursery(); }

void PoolShell::end_nursery() {
  if (!nursery_) return;
  loop_.remove(nursery_->fd());
  nursery_.reset();
}

void PoolShell::abandon() noexcept { directory_.abandon(); }

void PoolShell::start_nursery() {
  nursery_ = NurseryLink::start(find_program("clutch-nursery"), {.socket_directory = directory_.path()});
  loop_.add(nursery_->fd(),
            [this] { nursery_->poll([this](NurseryEvent event) { on_nursery_event(std::move(event)); }); });
}

void PoolShell::start(core::Time now) {
  note(LogLevel::info, "starting " + std::to_string(plan_.options.workers) + " worker(s) with " + plan_.python);
  core_.start(now);
  flush(now);
}

void PoolShell::reload(ReloadEnd on_end, core::Time now) {
  reload_ends_.push_back(std::move(on_end));
  note(LogLevel::info, "reloading: workers are replaced one by one, by ones that import the code anew");
  core_.reload(now);
  flush(now);
}

void PoolShell::end_reload(const std::optional<Error>& error) {
  if (error) {
    note(LogLevel::error, "not reloaded, the workers that are there serve on: " + describe(*error));
  } else {
    note(LogLevel::info, "reloaded: every worker runs the code as it is now");
  }
  for (const auto& on_end : std::exchange(reload_ends_, {})) on_end(error);
}

// A spare was started before it was known whose place it would take.
void PoolShell::pin(core::WorkerId id) {
  const auto& cpus = plan_.options.cpus;
  const auto* each = channel(id);
  if (cpus.empty() || plan_.options.spares == 0 || each == nullptr || each->pid() == 0) return;
  pin_threads(each->pid(), cpus[core_.workers()[id.value]->place % cpus.size()]);
}

void PoolShell::drain(core::Time by, core::Time now) {
  core_.drain(by, now);
  flush(now);
}

WorkerChannel* PoolShell::channel(core::WorkerId id) const noexcept { return channels_[id.value].get(); }

WorkerChannel* PoolShell::channel(std::uint64_t incarnation) const noexcept {
  const auto at = std::find_if(channels_.begin(), channels_.end(), [incarnation](const auto& each) {
    return each && each->incarnation().value == incarnation;
  });
  return at == channels_.end() ? nullptr : at->get();
}

void PoolShell::on_nursery_event(NurseryEvent&& event) {
  const auto now = EventLoop::Clock::now();
  std::visit(Overloaded{[&](Spawned& spawned) {
                          if (auto* each = channel(spawned.incarnation)) each->on_spawned(std::move(spawned));
                        },
                        [&](SpawnFailed& failed) {
                          auto* each = channel(failed.incarnation);
                          if (each == nullptr || each->exited()) return;
                          core::Exit exit;
                          exit.status = 127;
                          exit.said = failed.text;
                          each->on_exited(std::move(exit), now);
                          ++exited_;
                        },
                        [&](Exited& exited) {
                          auto* each = channel(exited.incarnation);
                          if (each == nullptr || each->exited()) return;
                          core::Exit exit;
                          exit.signal = exited.signal;
                          exit.status = exited.exit_code;
                          each->on_exited(std::move(exit), now);
                          ++exited_;
                        },
                        [&](NurseryGone& gone) { on_nursery_gone(gone.why); }},
             event);
}

// Its workers die with it, by PDEATHSIG; they are counted as reaped when their pidfds say so, and a new one is started.
void PoolShell::on_nursery_gone(const std::string& why) {
  note(LogLevel::error, "the nursery is gone (" + why + "): its workers are lost with it, a new one is started");
  const auto now = EventLoop::Clock::now();
  for (auto& each : channels_) {
    if (!each || each->exited()) continue;
    each->await_death();
    core::Exit exit;
    exit.signal = SIGKILL;
    each->on_exited(std::move(exit), now);
    ++exited_;
  }
  loop_.remove(nursery_->fd());
  loop_.post([this] {  // not from within its own poll
    nursery_.reset();
    try {
      start_nursery();
    } catch (const std::exception& error) {
      note(LogLevel::error, std::string("no nursery can be started: ") + error.what());
    }
  });
}

void PoolShell::end_exited(core::Time now) {
  for (auto& each : channels_) {
    if (!each || !each->exited() || !each->drained(now)) continue;
    --exited_;
    const auto ended = std::move(each);
    WorkerEnd end{.worker = ended->worker(), .pid = ended->pid(), .exit = ended->take_last(core_, now)};
    end.announced = ended->lost_with_nursery();
    const bool unasked = !core_.workers()[end.worker.value]->ended_as && !end.announced;
    end.exit.out_of_memory = unasked && end.exit.signal == SIGKILL && oom_watch_.fired();
    tell_end(std::move(end), ended->incarnation(), now);
  }
}

// To the core, and to the log.
void PoolShell::tell_end(WorkerEnd&& end, core::Incarnation incarnation, core::Time now) {
  const core::Worker& worker = *core_.workers()[end.worker.value];
  const auto before = core_.counters();
  end.was = worker.state;
  end.told_at_start = end.was == core::WorkerState::booting && core_.state() == core::PoolState::starting;
  core_.on_exited(end.worker, incarnation, end.exit, now);
  end.lost = core_.counters().lost - before.lost;
  end.requeued = core_.counters().requeued - before.requeued;
  if (worker.boot_error) end.boot_error = worker.boot_error->message;
  if (worker.state == core::WorkerState::booting) end.next_in = core::Duration(0);
  if (worker.state == core::WorkerState::absent && worker.act_at != core::never) end.next_in = worker.act_at - now;
  note(level_of(end), describe(end));
}

void PoolShell::read_pages(core::Time now) {
  page_read_ = now;
  for (const auto& each : channels_) {
    if (each) each->read_page(core_, now);
  }
}

void PoolShell::read_rss(core::Time now) {
  rss_read_ = now;
  for (const auto& each : channels_) {
    if (each && each->pid() != 0) core_.on_rss(each->worker(), each->incarnation(), resident_bytes(each->pid()), now);
  }
}

void PoolShell::cancel(core::CallId call, core::Time now, std::optional<core::ReceiptRequest> receipt) {
  if (core_.awaits_begin()) read_pages(now);
  core_.cancel(call, now, receipt);
}

// Much too late for the next deadline: this process was stopped, or starved, while its workers went on. What they said
// meanwhile comes in within a moment, so nobody is judged by the clock before.
bool PoolShell::time_is_due(core::Time now) {
  const auto next = core_.next_time();
  if (next > now) return false;
  if (now < judge_at_) return false;
  if (now - next < stood_still || judge_at_ >= next + stood_still) return true;
  note(LogLevel::warning, "this process stood still for a while, " +
                              std::to_string(std::chrono::ceil<std::chrono::seconds>(now - next).count()) +
                              " s or more: what its workers said meanwhile is heard first");
  judge_at_ = now + hear_first;
  return false;
}

void PoolShell::turn(core::Time now) {
  for (int round = 0; round < rounds_a_turn; ++round) {
    for (const auto& each : channels_) {
      if (each && each->needs_attention()) each->receive(core_, now);
    }
    // In this order: the clock, then the pages, then deadlines (PROTOCOL.md, "Begin").
    const bool due = time_is_due(now);
    const auto interval = core_.page_interval();
    if (due || (interval && now - page_read_ >= *interval)) read_pages(now);
    if (due) core_.on_time(now);
    if (exited_ != 0) end_exited(now);
    if (controls_wait_) flush_controls();
    if (watches_rss_ && rss_read_ + rss_interval <= now) read_rss(now);
    if (stuck_calls_.next_time() <= now) stuck_calls_.give_up(now, events_.on_receipt);
    if (examinations_.next_time() <= now) {
      examinations_.give_up(now, [this, now](Examination&& found) { on_examined(std::move(found), now); });
    }
    flush(now);
    const bool more = std::any_of(channels_.begin(), channels_.end(),
                                  [](const auto& each) { return each && each->needs_attention(); });
    if (!more) break;
    now = EventLoop::Clock::now();
  }
}

bool PoolShell::has_mail() {
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const auto& each) { return each && each->needs_attention() && each->has_mail(); });
}

core::Time PoolShell::next_time(core::Time now) const {
  auto next = std::min({std::max(core_.next_time(), judge_at_), stuck_calls_.next_time(), examinations_.next_time()});
  if (const auto interval = core_.page_interval()) next = std::min<core::Time>(next, page_read_ + *interval);
  if (watches_rss_) next = std::min(next, rss_read_ + rss_interval);
  if (controls_wait_) next = std::min<core::Time>(next, now + retry_interval);
  if (exited_ != 0) next = std::min<core::Time>(next, now + drain_interval);
  return next;
}

std::vector<PoolShell::WorkerFact> PoolShell::worker_facts() const {
  std::vector<WorkerFact> facts;
  for (const auto& worker : core_.workers()) {
    if (worker->vacant()) continue;
    const auto* each = channel(worker->id);
    facts.push_back({worker->id.value, worker->incarnation.value, each != nullptr ? each->pid() : 0,
                     worker->blocked_since ? "blocked" : core::to_string(worker->state), worker->calls,
                     worker->restarts, worker->load(), worker->suspended, worker->leaked});
  }
  return facts;
}

}  // namespace clutch::io
