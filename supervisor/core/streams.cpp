// Calls that are streams: their items, their credit, when they count as suspended, and how they end.
#include <algorithm>
#include <utility>

#include "core/pool_core.hpp"

namespace clutch::core {
namespace {

std::string beyond(const StreamProgress& stream, std::uint64_t first, std::uint64_t count) {
  if (first != stream.items) return "ITEM out of order";
  if (!stream.has_credit() || count > stream.credit.items - stream.items) return "ITEM beyond its credit";
  return {};
}

}  // namespace

Call* PoolCore::streaming(Worker& worker, CallId id, std::string_view record) {
  Call* call = leased(worker, id);
  if (call != nullptr && call->stream) return call;
  on_violation(worker.id, worker.incarnation, std::string(record) + " of a stream that it does not have");
  return nullptr;
}

// What came shows that it began, and with it whatever was sent before it: they begin in order.
bool PoolCore::count_items(Call& call, Worker& worker, std::uint64_t first, std::uint64_t count, std::size_t bytes,
                           Time now) {
  StreamProgress& stream = *call.stream;
  if (auto why = beyond(stream, first, count); !why.empty()) {
    on_violation(worker.id, worker.incarnation, std::move(why));
    return false;
  }
  if (call.state == CallState::sent) {
    Lane& lane = worker.lane(call.execution);
    if (call.execution == Execution::loop) lane.recorded = std::max(lane.recorded, call.seq);
    mark_begun(worker, call.execution, call.seq, now);
  }
  stream.items += count;
  counters_.items += count;
  stream.bytes += bytes;
  worker.answered = true;
  return true;
}

void PoolCore::on_items(WorkerId id, Incarnation incarnation, CallId call_id, StreamItems&& items, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  Call* call = streaming(*worker, call_id, "ITEM");
  if (call == nullptr || !count_items(*call, *worker, items.first, items.count, items.bytes(), now)) return;
  if (!call->answered) actions_.items.push_back({call->session, call->tag, std::move(items)});
  await_next_item(*call, now);
  if (!call->stream->has_credit()) suspend(*call, *worker, now);
}

void PoolCore::on_flawed_items(WorkerId id, Incarnation incarnation, CallId call_id, const StreamItems& items,
                               Error&& error, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  Call* call = streaming(*worker, call_id, "ITEM");
  if (call == nullptr) return;
  const auto before = call->stream->items;
  if (!count_items(*call, *worker, items.first, items.count, items.bytes(), now)) return;
  if (!call->cancel_sent) send_cancel(*call, false, now);
  if (!call->answered) {
    answer(*call, std::move(error));
    std::get<Error>(actions_.deliveries.back().outcome).items = before;
    watch_grace(*call, now);  // it may have been cancelled before, and goes on until it heeds that
  }
  if (!call->stream->has_credit()) suspend(*call, *worker, now);
}

void PoolCore::on_end(WorkerId id, Incarnation incarnation, CallId call_id, std::uint64_t items, Time now) {
  Worker* worker = current(id, incarnation);
  if (worker == nullptr) return;
  Call* call = streaming(*worker, call_id, "END");
  if (call == nullptr) return;
  if (items != call->stream->items) return on_violation(id, incarnation, "END of another number of items than came");
  const bool of_itself = !call->answered;
  if (of_itself) answer(*call, Reply{});
  end_receipts(*call, of_itself ? CancelEnd::already_finished : CancelEnd::unwound, now);
  finish(*call, *worker, now);
}

void PoolCore::credit(CallId id, StreamCredit credit, Time now) {
  Call* call = calls_.find(id);
  if (call == nullptr || !call->stream || call->answered) return;
  StreamProgress& stream = *call->stream;
  const StreamCredit raised{std::max(stream.credit.items, credit.items), std::max(stream.credit.bytes, credit.bytes)};
  if (raised == stream.credit) return;
  stream.credit = raised;
  if (call->state == CallState::queued) return;  // its RUN will say it
  actions_.credits.push_back({call->worker, call->seq, id, raised});
  if (!stream.suspended || !stream.has_credit()) return;
  // Even where that makes more than `concurrency`: it has begun, and would else wait for others to end.
  Worker& worker = *workers_[call->worker.value];
  stream.suspended = false;
  --worker.suspended;
  ++worker.lane(call->execution).begun;
  await_next_item(*call, now);
  pump(now);  // another stream may wait for its place among the suspended
}

void PoolCore::suspend(Call& call, Worker& worker, Time now) {
  if (call.state != CallState::begun || std::exchange(call.stream->suspended, true)) return;
  --worker.lane(call.execution).begun;
  ++worker.suspended;
  pump(now);
}

// attempt_timeout, anew for each item, and not while the reader is what is waited for.
void PoolCore::await_next_item(Call& call, Time now) {
  if (call.state != CallState::begun || call.answered || call.cancel_sent) return;
  const bool counts = call.stream->has_credit() && call.attempt_timeout > Duration(0);
  call.attempt_deadline = counts ? after(now, call.attempt_timeout) : never;
  set_timer(call);
}

}  // namespace clutch::core
