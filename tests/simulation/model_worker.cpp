#include "model_worker.hpp"

#include <algorithm>
#include <utility>

#include "worker_trace.hpp"

namespace clutch::simulation {
namespace {

constexpr std::size_t on_loop = 0;
constexpr std::size_t on_thread = 1;
constexpr Duration beat = 100ms;

Error error_of(Code code, Certainty certainty) {
  Error error;
  error.code = code;
  error.stage = certainty == Certainty::not_started ? Stage::queue : Stage::run;
  error.certainty = certainty;
  return error;
}

}  // namespace

ModelWorker::ModelWorker(const Plan& plan, Random& random, Ledger& ledger, core::Spawn spawn, Time now)
    : id(spawn.worker),
      incarnation(spawn.incarnation),
      registration(plan.registration(random)),
      plan_(plan),
      random_(random),
      ledger_(ledger),
      boots_at_(now + random.any_scale(100us, 200ms)),
      boot_end_(random.chance(plan.boot_fails) ? random.pick({BootEnd::fails, BootEnd::dies, BootEnd::hangs})
                                               : BootEnd::ready) {}

std::size_t ModelWorker::execution_of(const RunMessage& run) const {
  return static_cast<std::size_t>(core::execution_of(registration.functions.at(run.function).kind));
}

std::uint32_t ModelWorker::bound(std::size_t execution) const {
  return execution == on_loop ? plan_.options.concurrency : plan_.options.threads;
}

Time ModelWorker::next() const {
  if (dead_) return reaped_at_;
  if (boots_at_ != never) return std::min(boots_at_, dies_at_);
  const Time loop = starting_ ? busy_until_ : std::min(loop_next(), beat_at_);
  return std::min(std::max(loop, busy_until_), dies_at_);
}

Time ModelWorker::loop_next() const {
  Time loop = std::min({data_in.next(), control_in.next(), wakes_at_});
  for (const auto& running : running_) {
    for (const auto& each : running) loop = std::min(loop, each.due());
  }
  if (!taken_.empty()) loop = std::min(loop, taken_.begin()->first);
  return loop;
}

void ModelWorker::act(Time now) {
  if (dead_) return;
  if (dies_at_ <= now) return die(now);
  if (boots_at_ <= now) return boot(now);
  if (!registered_) return;
  if (busy_until_ > now) return;
  blocker.reset();
  if (beat_at_ <= now) tick(now);
  if (starting_ || loop_next() <= now) turn(now);
}

// Of the page, what a beat or a turn writes.
void ModelWorker::tick(Time now) {
  ++pulse.ticks;
  pulse.tick_time = now;
  if (!starting_) pulse.first_step = 0;
  pulse.in_flight =
      running_[on_loop].size() - suspended(on_loop) + running_[on_thread].size() - suspended(on_thread) + taken_.size();
  if (pulse.in_flight == 0) {
    beat_at_ = never;
  } else if (beat_at_ <= now || beat_at_ == never) {
    beat_at_ = now + beat;
  }
}

void ModelWorker::block(const RunMessage& run, Time now) {
  busy_until_ = now + random_.any_scale(100ms, 5s);
  blocker = run.call;
  blocked_since = now;
  ledger_.at(run.tag).blocked = true;
}

void ModelWorker::boot(Time now) {
  boots_at_ = never;
  if (boot_end_ == BootEnd::hangs) return;
  if (boot_end_ == BootEnd::dies) return die(now);
  OutMessage message;
  (boot_end_ == BootEnd::ready ? message.registers : message.boot_failed) = true;
  data_out.send(std::move(message), arrival(now));
  registered_ = boot_end_ == BootEnd::ready;
  if (registered_ && random_.chance(5 * plan_.misbehaves)) misbehave(now);
  if (registered_ && random_.chance(plan_.stillborn)) dies_at_ = now + random_.any_scale(1us, 5ms);
  if (registered_) return;
  signal_ = 0;
  status_ = 1;
  dies_at_ = now + 1ms;
}

// One turn of its loop. Threads are looked at here too: when exactly they take a call makes no difference to the core.
void ModelWorker::turn(Time now) {
  wakes_at_ = never;
  tick(now);
  if (starting_) first_step(now);
  if (busy_until_ > now) return;  // and says nothing
  receive(now);
  end_what_is_due(now);
  begin_in_thread(now);
  if (random_.chance(plan_.misbehaves)) misbehave(now);
  send(now);
  tick(now);
  if (!running_[on_loop].empty() && random_.chance(plan_.blocks / 4)) {  // in a later step
    block(running_[on_loop][random_.below(running_[on_loop].size())].run, now);
  } else {
    begin_on_loop(now);  // nothing is sent between the page and the step
  }
  const bool idle = leases.empty() && data_in.size() == 0;
  if (stopping_ && idle) {
    signal_ = 0;
    dies_at_ = now + random_.between(10us, 1ms) + 2 * plan_.lane_delay_max;  // having flushed its lanes
  } else if (random_.chance(plan_.deaths)) {
    dies_at_ = now + random_.any_scale(1us, 5ms);
  }
}

// Nothing orders the lanes.
void ModelWorker::receive(Time now) {
  const bool control_first = random_.chance(500);
  for (int lane = 0; lane < 2; ++lane) {
    if ((lane == 0) == control_first) {
      while (const auto message = control_in.receive(now)) receive_control(*message, now);
    } else {
      while (const auto batch = data_in.receive(now)) {
        if (trace_ != nullptr) trace_->received(now, *batch);
        for (auto run : *batch) {
          last_seq_ = std::max(last_seq_, run.seq);
          if (const auto early = credits_.find(run.seq); early != credits_.end()) run.stream = early->second;
          pending_[execution_of(run)].push_back(run);
        }
      }
    }
  }
}

void ModelWorker::receive_control(const ControlMessage& message, Time now) {
  if (trace_ != nullptr) trace_->received(now, message);
  if (message.stop)
    stopping_ = true;
  else if (message.ping != 0)
    ping_ = message.ping;
  else if (message.credit)
    on_credit(message.cancel_seq, *message.credit);
  else
    on_cancel(message.cancel_seq, now);
  if (message.stop) dies_at_ = std::min(dies_at_, message.by);
  if (message.stop && random_.chance(5 * plan_.misbehaves)) misbehave(now);
}

void ModelWorker::on_cancel(std::uint64_t seq, Time now) {
  for (auto& running : running_) {
    for (auto& each : running) {
      const bool interruptible = &running == &running_[on_loop] || each.run.stream;
      if (each.run.seq != seq || !interruptible) continue;
      const bool at_its_yield = each.suspended();
      // What awaits may swallow the cancel; a generator is closed at its next yield then.
      if (!each.heeds_cancel && !each.run.stream) continue;
      each.cancelled = true;
      if (each.heeds_cancel || at_its_yield) each.ends = std::min(each.ends, now + random_.any_scale(1us, 1ms));
    }
  }
  marks_.insert(seq);  // harmless where that call has begun
}

// Absolute: of two the later may come first, and one may come before its RUN.
void ModelWorker::on_credit(std::uint64_t seq, StreamCredit credit) {
  const auto raise = [&credit](StreamCredit& to) {
    to = {std::max(to.items, credit.items), std::max(to.bytes, credit.bytes)};
  };
  if (seq > last_seq_) return raise(credits_[seq]);
  for (auto& running : running_) {
    for (auto& each : running) {
      if (each.run.seq == seq) raise(*each.run.stream);
    }
  }
  for (auto& pending : pending_) {
    for (auto& run : pending) {
      if (run.seq == seq) raise(*run.stream);
    }
  }
  if (starting_ && starting_->seq == seq) raise(*starting_->stream);
  for (auto& [at, run] : taken_) {
    if (run.seq == seq) raise(*run.stream);
  }
}

std::uint32_t ModelWorker::suspended(std::size_t execution) const {
  const auto& running = running_[execution];
  return static_cast<std::uint32_t>(
      std::count_if(running.begin(), running.end(), [](const Running& each) { return each.suspended(); }));
}

// A batch of its items, if it has any left and need not end.
bool ModelWorker::yields(Running& each, Time now) {
  if (!each.run.stream || each.cancelled || each.items_left == 0) return false;
  const std::uint64_t batch = trace_ == nullptr ? each.largest_batch : 1;
  const auto most = std::min({each.items_left, each.run.stream->items - each.items, batch});
  const auto count = static_cast<std::uint32_t>(1 + random_.below(most));
  const auto bytes = (trace_ == nullptr ? 1 : 2) + random_.below(20);
  if (trace_ != nullptr) trace_->does(now, each.run, "yields", bytes);
  reply(each.run, ItemsRecord{each.items, count, bytes, random_.chance(plan_.flawed)});
  each.items += count;
  each.bytes += bytes;
  each.items_left -= count;
  each.largest_batch *= 2;
  each.ends = now + random_.any_scale(5us, 500ms);
  ledger_.at(each.run.tag).stream->produced = each.items;
  return true;
}

void ModelWorker::end_what_is_due(Time now) {
  for (auto& running : running_) {
    std::erase_if(running, [&](Running& each) {
      if (each.due() > now || yields(each, now)) return false;
      auto& facts = ledger_.at(each.run.tag);
      (each.cancelled ? facts.unwound : facts.returned) = true;
      if (trace_ != nullptr) {
        trace_->does(now, each.run,
                     each.cancelled    ? "unwinds"
                     : each.raises     ? "raises"
                     : each.run.stream ? "ends"
                                       : "returns");
      }
      if (each.cancelled) {
        reply(each.run, error_of(Code::cancelled, Certainty::started));
      } else if (each.raises) {
        reply(each.run, error_of(Code::failed, Certainty::started));
      } else if (each.run.stream) {
        facts.stream->total = each.items;
        reply(each.run, EndRecord{each.items});
      } else {
        reply(each.run, each.run.tag);
      }
      return true;
    });
  }
}

bool ModelWorker::passes_over(const RunMessage& run, Time now) {
  const bool expired = run.expires <= now;
  const bool cancelled = marks_.contains(run.seq);
  if (!expired && !cancelled) return false;
  if (expired) ledger_.passed_over(run.tag, now);
  const Code code = cancelled ? Code::cancelled : Code::deadline_exceeded;
  if (trace_ != nullptr) trace_->begins(now, run, to_string(code));
  reply(run, error_of(code, Certainty::not_started));
  return true;
}

// The page and the look at the clock are one step, under one lock; the first line is another.
void ModelWorker::begin_in_thread(Time now) {
  auto& pending = pending_[on_thread];
  while (!pending.empty() && running_[on_thread].size() - suspended(on_thread) + taken_.size() < bound(on_thread)) {
    const RunMessage run = pending.front();
    pending.pop_front();
    page[on_thread] = run.seq;
    if (passes_over(run, now)) continue;
    if (trace_ != nullptr) trace_->begins(now, run, "runs");
    taken_.emplace(now + random_.pick<Duration>({0ns, 1us, 200us}), run);
  }
  first_line_in_thread(now);
}

void ModelWorker::first_line_in_thread(Time now) {
  while (!taken_.empty() && taken_.begin()->first <= now) {
    start(taken_.begin()->second, on_thread, now);
    taken_.erase(taken_.begin());
  }
}

// The page first; the clock, the mark and the step follow a moment later, in which much may happen.
void ModelWorker::begin_on_loop(Time now) {
  auto& pending = pending_[on_loop];
  if (pending.empty() || running_[on_loop].size() - suspended(on_loop) >= bound(on_loop)) return;
  starting_ = pending.front();
  pending.pop_front();
  page[on_loop] = starting_->seq;
  busy_until_ = now + random_.pick<Duration>({0ns, 1us, 100us});
  pulse.first_step = starting_->seq;
  pulse.first_step_since = now;
}

void ModelWorker::first_step(Time now) {
  const RunMessage run = *starting_;
  starting_.reset();
  wakes_at_ = now;
  pulse.first_step = 0;
  if (passes_over(run, now)) return;
  start(run, on_loop, now);
  if (random_.chance(plan_.blocks)) {
    pulse.first_step = run.seq;
    return block(run, now);
  }
  if (random_.chance(100)) busy_until_ = now + random_.any_scale(10us, 100ms);  // blocks the loop
}

void ModelWorker::start(const RunMessage& run, std::size_t execution, Time now) {
  ledger_.ran(run.tag, now);
  if (execution == on_loop && !run.stream && random_.chance(300)) {  // ended in its first step
    ledger_.at(run.tag).returned = true;
    if (trace_ != nullptr) trace_->begins(now, run, "returns");
    return reply(run, run.tag);
  }
  began_ = true;
  if (trace_ != nullptr && execution == on_loop) trace_->begins(now, run, "runs");
  running_[execution].push_back({.run = run,
                                 .ends = now + random_.any_scale(5us, 3s),
                                 .raises = random_.chance(100),
                                 .heeds_cancel = random_.chance(800),
                                 .cancelled = run.stream && marks_.contains(run.seq),  // since a thread took it
                                 .items_left = run.stream ? random_.below(40) : 0});
}

void ModelWorker::reply(const RunMessage& run, std::variant<std::uint64_t, Error, ItemsRecord, EndRecord> what) {
  if (std::holds_alternative<ItemsRecord>(what)) {
    replies_.push_back({run.call, std::move(what)});
    if (random_.chance(300)) last_reply_ = replies_.back();
    return;
  }
  leases.erase(run.tag);
  --has[run.function];
  replies_.push_back({run.call, std::move(what)});
  if (!last_reply_ || random_.chance(500)) last_reply_ = replies_.back();
}

void ModelWorker::send(Time now) {
  const auto lost = [&] { return random_.chance(plan_.loses_control); };
  if (trace_ != nullptr) trace_->turns(now, replies_, page, began_);
  if (!replies_.empty()) {
    OutMessage message;
    message.replies = std::move(replies_);
    message.begun = page;
    replies_.clear();
    data_out.send(std::move(message), arrival(now));
  }
  if (began_ && !lost()) {
    OutMessage message;
    message.begun = page;
    control_out.send(std::move(message), arrival(now));
  }
  began_ = false;
  if (ping_ == 0) return;
  OutMessage pong;
  pong.pong = std::exchange(ping_, 0);
  control_out.send(std::move(pong), arrival(now));
}

// What it had not sent is lost; of what it had, each lane loses a tail of its own.
void ModelWorker::die(Time now) {
  dead_ = true;
  const bool orderly = signal_ == 0 && status_ == 0;
  if (!orderly) {
    data_out.cut(random_.below(data_out.size() + 1));
    control_out.cut(random_.below(control_out.size() + 1));
  }
  reaped_at_ = now + random_.any_scale(10us, 20ms);
}

core::Exit ModelWorker::exit() const { return {.signal = signal_, .status = status_, .python_stack = {}, .said = {}}; }

}  // namespace clutch::simulation
