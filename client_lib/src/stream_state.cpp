#include "clutch/detail/stream_state.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "clutch/protocol/limits.hpp"
#include "clutch/value.hpp"

namespace clutch::detail {
namespace {

std::uint64_t quarter(std::uint64_t window) { return std::max<std::uint64_t>(window / 4, 1); }

// A window may be as large as there are numbers.
std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return b > UINT64_MAX - a ? UINT64_MAX : a + b; }

void wake_up(const CallRef& wake) noexcept {
  if (wake) static_cast<WakeState&>(*wake).wake();
}

}  // namespace

StreamState::StreamState(std::shared_ptr<Engine> engine, StreamCredit window) noexcept
    : CallState(std::move(engine)),
      window_(window),
      credit_items_(window.items),
      credit_bytes_(window.bytes),
      tell_items_(quarter(window.items)),
      tell_bytes_(quarter(window.bytes)) {
  add_observer(*this);
}

// The engine's side.

void StreamState::push(StreamItems&& items) {
  received_ += items.count;
  CallRef wake;
  {
    const std::lock_guard lock(mutex_);
    if (dropping_) {
      dropped_ = true;
      return;
    }
    queue_.push_back(std::move(items));
    wake = std::move(wake_);
  }
  wake_up(wake);
}

StreamCredit StreamState::credit() noexcept {
  // Before the totals are read: a rise that this does not see is told again.
  credit_told_.exchange(false, std::memory_order_acq_rel);
  return {credit_items_.load(std::memory_order_acquire), credit_bytes_.load(std::memory_order_acquire)};
}

void StreamState::completed(CallState&) noexcept {
  CallRef wake;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    wake = std::move(wake_);
  }
  wake_up(wake);
}

void StreamState::do_cancel(CallRef receipt) {
  std::vector<StreamItems> dropped;
  {
    const std::lock_guard lock(mutex_);
    dropping_ = true;
    dropped.swap(queue_);
    dropped_ = dropped_ || !dropped.empty();
  }
  CallState::do_cancel(std::move(receipt));
}

// The reader's side.

bool StreamState::wait_ready(Clock::time_point deadline) {
  while (!ready()) {
    const CallRef wake(new WakeState(engine()));
    if (wake_with(wake) && !wake->wait_until(deadline)) return ready();
  }
  return true;
}

bool StreamState::wake_with(const CallRef& wake) {
  CallRef before;
  const std::lock_guard lock(mutex_);
  if (!queue_.empty() || over_) return false;
  before = std::exchange(wake_, wake);
  return true;
}

bool StreamState::refill() {
  if (ended_) return true;
  if (cancel_requested()) drop();
  if (left_ != 0 || advance()) return true;
  bool no_more = false;
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(queue_);
    no_more = over_;
  }
  // A cancel that came meanwhile counts as one that came a little later.
  return advance() || no_more;
}

bool StreamState::advance() {
  while (next_batch_ < taken_.size()) {
    batch_ = std::move(taken_[next_batch_++]);
    if (counted_ >= next_batch_) {
      ahead_items_ -= batch_.count;
      ahead_bytes_ -= batch_.bytes();
    }
    if (batch_.count == 0) continue;
    reader_.emplace(batch_);
    left_ = batch_.count;
    return true;
  }
  taken_.clear();
  next_batch_ = counted_ = 0;
  return false;
}

void StreamState::drop() noexcept {
  std::vector<StreamItems> queued;
  {
    const std::lock_guard lock(mutex_);
    queued.swap(queue_);
    dropped_ = dropped_ || left_ != 0 || next_batch_ < taken_.size() || !queued.empty();
  }
  taken_.clear();
  next_batch_ = counted_ = 0;
  ahead_items_ = ahead_bytes_ = 0;
  reader_.reset();
  batch_ = {};
  left_ = 0;
}

void StreamState::leave() noexcept {
  if (!done()) cancel();
  drop();
}

void StreamState::took_one() {
  ++read_;
  if (--left_ == 0) {
    read_bytes_ += batch_.bytes();
    reader_.reset();
    batch_ = {};  // an idle reader holds nothing
  } else if (read_ < tell_items_) {
    return;
  }
  took(read_, read_bytes_);
}

void StreamState::took(std::uint64_t items, std::uint64_t bytes) {
  if ((items < tell_items_ && bytes < tell_bytes_) || done() || cancel_requested()) return;
  tell_items_ = sum(items, quarter(window_.items));
  tell_bytes_ = sum(bytes, quarter(window_.bytes));
  credit_items_.store(sum(items, window_.items), std::memory_order_release);
  credit_bytes_.store(sum(bytes, window_.bytes), std::memory_order_release);
  if (!credit_told_.exchange(true, std::memory_order_acq_rel)) engine()->on_credit(*this);
}

bool StreamState::gather(std::uint64_t limit) {
  bool no_more = false;
  {
    const std::lock_guard lock(mutex_);
    std::move(queue_.begin(), queue_.end(), std::back_inserter(taken_));
    queue_.clear();
    no_more = over_;
  }
  for (counted_ = std::max(counted_, next_batch_); counted_ < taken_.size(); ++counted_) {
    ahead_items_ += taken_[counted_].count;
    ahead_bytes_ += taken_[counted_].bytes();
  }
  if (no_more || gathered(limit)) return true;
  took(read_ + left_ + ahead_items_, read_bytes_ + batch_.bytes() + ahead_bytes_);
  return false;
}

std::optional<Error> StreamState::end() {
  if (std::exchange(ended_, true)) return std::nullopt;
  if (const auto* error = std::get_if<Error>(&outcome())) return *error;
  const std::lock_guard lock(mutex_);
  if (!dropped_) return std::nullopt;
  Error error;
  error.code = Code::cancelled;
  error.stage = Stage::run;
  error.certainty = Certainty::started;
  error.message = "cancelled: what had come and was not read is dropped";
  error.items = read_;
  return error;
}

Error StreamState::misfit(const char* what) {
  Error error = result_error(what);
  error.message = "item " + std::to_string(read_) + " does not fit the type asked for: " + what;
  error.items = read_;
  ended_ = true;
  leave();
  return error;
}

void throw_consumed_stream() {
  throw misuse("this Stream is consumed already: for_each(), collect() or a move took it");
}

void throw_consumed_next() { throw misuse("this next() is consumed already: get(), co_await or a move took it"); }

void check_no_next(const StreamState& stream) {
  if (stream.in_next) throw misuse("another next() of this Stream is under way: one at a time");
}

void wait_for_next(StreamState& stream) {
  check_no_next(stream);
  stream.wait_ready(CallState::Clock::time_point::max());
}

void leave_stream(StreamState& stream) noexcept {
  if (!stream.in_next) return stream.leave();
  // A coroutine waits: what is there is its.
  if (!stream.done()) stream.cancel();
}

Error consumer_gone(const char* why, std::uint64_t items) {
  Error error;
  error.code = Code::cancelled;
  error.stage = Stage::run;
  error.certainty = Certainty::started;
  error.message = std::string("the stream was left: ") + why;
  error.items = items;
  return error;
}

CallRef new_stream(const std::shared_ptr<Engine>& engine, const CallOptions& options) {
  StreamCredit window{limits::stream_window_items, limits::stream_window_bytes};
  if (options.stream_window_items != 0) window.items = options.stream_window_items;
  if (options.stream_window_bytes != 0) window.bytes = options.stream_window_bytes;
  return CallRef(new StreamState(engine, window));
}

}  // namespace clutch::detail
