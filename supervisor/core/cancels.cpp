// Cancels, and what becomes of the work that was cancelled.
#include <algorithm>
#include <utility>

#include "core/pool_core.hpp"

namespace clutch::core {
namespace {

Error cancelled(Stage stage, Certainty certainty, std::string message) {
  return make_error(Code::cancelled, stage, certainty, std::move(message));
}

}  // namespace

void PoolCore::cancel(CallId id, Time now, std::optional<ReceiptRequest> receipt) {
  Call* call = calls_.find(id);
  if (call != nullptr && call->state == CallState::joined) return cancel_joined(*call, now, receipt);
  if (call == nullptr || (call->answered && !call->cancel_sent)) {
    if (receipt) give_receipt(*receipt, CancelEnd::already_finished, Duration(0));
    return;
  }
  if (receipt) {
    receipts_.emplace(id.value, PendingReceipt{*receipt, now});
    call->owes_receipts = true;
  }
  if (!call->answered) return cancel_call(*call, now);
  watch_grace(*call, now);
}

void PoolCore::cancel_call(Call& call, Time now) {
  if (call.state == CallState::queued) {
    end_receipts(call, CancelEnd::removed_from_queue, now);
    const bool alone = call.alone;
    drop_queued(call, cancelled(Stage::queue, Certainty::not_started, "cancelled before it was sent to a worker"));
    if (alone) pump(now);  // what was kept for it is others' again
    stop_if_drained(now);
    return;
  }
  if (call.cancel_sent) return;
  send_cancel(call, false, now);
  if (call.execution == Execution::thread && call.state == CallState::begun && !call.stream) {
    answer(call,
           cancelled(Stage::run, certainty_of(call, now),
                     "cancelled: `" + functions_[call.function].name +
                         "` is a plain function, which cannot be interrupted; it runs on and its result is dropped"));
    watch_grace(call, now);
    return;
  }
  timers_.set(call, std::min({call.deadline, call.attempt_deadline, call.overdue_at}));
}

void PoolCore::send_cancel(Call& call, bool deadline, Time now) {
  call.cancel_sent = true;
  call.overdue_at = after(now, options_.cancel_grace);
  actions_.cancels.push_back({call.worker, call.seq, call.id(), deadline});
}

// Of a call that is answered and goes on: whoever cancelled it is told by the end of the grace, and its worker is
// looked at then.
void PoolCore::watch_grace(Call& call, Time now) {
  Time end = never;
  if (call.owes_receipts) {
    const auto [first, last] = receipts_.equal_range(call.id().value);
    for (auto at = first; at != last; ++at) end = std::min(end, after(at->second.since, options_.cancel_grace));
    if (end <= now) {
      end_receipts(call, CancelEnd::ignored, now);
      end = never;
    }
  }
  if (call.overdue_at <= now) {
    workers_[call.worker.value]->has_overdue = true;
  } else {
    end = std::min(end, call.overdue_at);
  }
  if (end != never) timers_.set(call, end);
}

void PoolCore::give_receipt(const ReceiptRequest& to, CancelEnd what, Duration later) {
  actions_.receipts.push_back({to.session, to.id, CancelReceipt{.what = what, .after = later}});
}

void PoolCore::end_receipts(Call& call, CancelEnd what, Time now) {
  if (!std::exchange(call.owes_receipts, false)) return;
  timers_.stop(call);
  const auto [first, last] = receipts_.equal_range(call.id().value);
  for (auto at = first; at != last; ++at) {
    give_receipt(at->second.request, what, now - at->second.since);
    actions_.receipts.back().call = call.id();
    actions_.receipts.back().worker = call.worker;
  }
  receipts_.erase(first, last);
}

}  // namespace clutch::core
