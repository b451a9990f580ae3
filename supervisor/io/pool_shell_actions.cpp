// What the core wants done, done: processes started and ended, messages sent, outcomes delivered, and what the log says
// of it.
#include <algorithm>

#include "core/call_names.hpp"
#include "core/fingerprint.hpp"
#include "io/overloaded.hpp"
#include "io/pool_shell.hpp"

namespace clutch::io {
namespace {

constexpr const char* lane_full = "its data lane takes nothing more";

const char* why_replaced(core::EndReason why) noexcept {
  switch (why) {
    case core::EndReason::calls:
      return "it has had max_calls";
    case core::EndReason::age:
      return "it has been up for max_age";
    case core::EndReason::rss:
      return "its memory has grown to max_rss";
    case core::EndReason::leak:
      return "calls of it run on after their end";
    default:
      return "its code is to be loaded anew";
  }
}

}  // namespace

void PoolShell::spawn(const core::Spawn& spawn, core::Time now) {
  auto& each = channels_[spawn.worker.value];
  const auto failed = [&](const std::string& why) {
    WorkerEnd end{.worker = spawn.worker};
    end.exit.status = 127;
    end.exit.said = why;
    each.reset();
    tell_end(std::move(end), spawn.incarnation, now);
  };
  try {
    each = std::make_unique<WorkerChannel>(loop_, context_, directory_.path(), plan_, log_, spawn);
    if (!nursery_) return failed("there is no nursery");
    if (const auto error = nursery_->spawn(each->spawn_request())) return failed(error.message());
    each->close_handed_down();
  } catch (const std::exception& error) {
    failed(error.what());
  }
}

// One that only boots, perhaps to replace another, has no call to lose by the drain.
void PoolShell::on_kill(const core::Kill& kill) {
  const auto& worker = *core_.workers()[kill.worker.value];
  const bool idle = worker.ended_as == core::EndReason::stop && worker.boot_error.has_value();
  drain_cut_ = drain_cut_ || (core_.state() == core::PoolState::draining && !idle);
  note(idle ? LogLevel::info : LogLevel::warning,
       "ending worker " + std::to_string(kill.worker.value) + ": " + kill.why);
  const auto calls = core::names_of_calls(worker, core_.functions());
  if (!calls.empty()) note(LogLevel::warning, "its calls are cut short: " + calls);
}

void PoolShell::perform(core::LifeAction& action, core::Time now) {
  const auto worker_name = [](core::WorkerId id) { return "worker " + std::to_string(id.value); };
  std::visit(
      Overloaded{
          [&](const core::Spawn& wanted) {
            note(LogLevel::debug, "starting " + worker_name(wanted.worker) +
                                      (wanted.replaces ? " to replace " + worker_name(*wanted.replaces) : ""));
            spawn(wanted, now);
          },
          [&](const core::Kill& kill) {
            on_kill(kill);
            if (nursery_) nursery_->kill_tree(kill.incarnation.value);
          },
          [&](const core::SendStop& stop) {
            if (auto* each = channel(stop.worker)) each->stop(stop.by);
          },
          [&](const core::Replaced& replaced) {
            note(LogLevel::info, worker_name(replaced.worker) + " is replaced by " + worker_name(replaced.by) + ": " +
                                     why_replaced(replaced.why));
            pin(replaced.by);
          },
          [&](const core::ReplaceFailed& failed) {
            note(LogLevel::warning, worker_name(failed.worker) +
                                        " serves on, as what was to replace it did not start: " + failed.error.message);
          },
          [&](const core::TookPlace& taken) {
            note(LogLevel::info, worker_name(taken.worker) + ", a spare, takes the place of " + worker_name(taken.of));
            pin(taken.worker);
          },
          [&](const core::Reloaded& reloaded) { end_reload(reloaded.error); },
          [&](const core::Silence& silence) { on_silence(silence); },
          [&](const core::Blocked& blocked) { on_blocked(blocked, now); },
          [&](const core::Examine& wanted) {
            examine({.worker = wanted.worker, .incarnation = wanted.incarnation, .before_kill = true}, now);
          },
          [&](const core::Leaked& leaked) { on_leaked(leaked); },
          [&](const core::Quarantined& call) {
            note(LogLevel::error, "quarantined: `" + call.function + "` with the arguments of fingerprint " +
                                      core::shown(call.fingerprint) + " has killed its worker " +
                                      std::to_string(call.kills) +
                                      " times; it is not run any more until that is lifted");
          },
          [&](const core::Started&) {
            note(LogLevel::info, "ready: " + std::to_string(core_.functions().current().size()) + " function(s)");
            events_.on_started();
          },
          [&](const core::StartFailed& failed) { events_.on_failed(failed.error); },
          [&](const core::PoolFailed& failed) {
            note(LogLevel::error, failed.error.message);
            events_.on_failed(failed.error);
          },
          [&](const core::Stopped&) {
            stuck_calls_.give_up(core::never, events_.on_receipt);
            note(LogLevel::info, "stopped");
            events_.on_stopped();
          }},
      action);
}

void PoolShell::give_receipt(core::ReceiptDelivery&& receipt, core::Time now) {
  const bool goes_on = receipt.what.what == CancelEnd::ignored && receipt.worker;
  auto* each = goes_on ? channel(*receipt.worker) : nullptr;
  const auto on_where = [this](core::CallId call, std::string_view stack) {
    stuck_calls_.on_where(call, stack, events_.on_receipt);
  };
  if (each == nullptr || !each->ask_where(receipt.call, on_where)) return events_.on_receipt(std::move(receipt));
  stuck_calls_.hold(std::move(receipt), now);
}

void PoolShell::send_runs(core::Actions& actions) {
  for (const auto& send : actions.runs) {
    const auto run = core_.run_of(send);
    auto* each = channel(send.worker);
    if (!run || each == nullptr) continue;
    const bool sent = each->run(*run);
    if (std::find(dirty_.begin(), dirty_.end(), send.worker.value) == dirty_.end()) dirty_.push_back(send.worker.value);
    if (!sent) core_.end(send.worker, each->incarnation(), core::EndReason::silence, lane_full);
  }
  for (const auto worker : dirty_) {
    auto* each = channel(core::WorkerId{worker});
    if (each != nullptr && !each->flush()) {
      core_.end(core::WorkerId{worker}, each->incarnation(), core::EndReason::silence, lane_full);
    }
  }
  dirty_.clear();
}

// What is done may want more done (a spawn that fails, say), hence the loop.
void PoolShell::flush(core::Time now) {
  for (;;) {
    std::swap(doing_, core_.actions());
    if (doing_.empty()) return;
    for (const auto& step : doing_.steps) call_log_.write(step, now);
    send_runs(doing_);
    for (const auto& cancel : doing_.cancels) {
      if (auto* each = channel(cancel.worker)) each->cancel(cancel);
    }
    for (const auto& credit : doing_.credits) {
      if (auto* each = channel(credit.worker)) each->credit(credit);
    }
    if (!doing_.cancels.empty() || !doing_.credits.empty()) flush_controls();
    for (const auto& ping : doing_.pings) {
      if (auto* each = channel(ping.worker)) each->ping(ping.n);
    }
    for (auto& delivery : doing_.items) events_.on_items(std::move(delivery));
    for (auto& delivery : doing_.deliveries) events_.on_outcome(std::move(delivery));
    for (auto& given : doing_.receipts) give_receipt(std::move(given), now);
    for (auto& action : doing_.life) perform(action, now);
    doing_.clear();
  }
}

// What a blocked worker's lane does not take is tried again until it does: a stream whose credit, or cancel, is lost
// would stand still for ever.
void PoolShell::flush_controls() {
  controls_wait_ = false;
  for (const auto& each : channels_) {
    if (each && !each->flush_controls()) controls_wait_ = true;
  }
}

}  // namespace clutch::io
