// One stream between the program and an engine: a CallState whose end is the stream's, with the items that came before.
// The engine pushes batches into a queue; the reader takes all that are there at once, and then reads item by item
// without a lock, telling the engine what it has room for when it has taken a quarter of its window.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "clutch/detail/call_state.hpp"
#include "clutch/detail/items_reader.hpp"
#include "clutch/protocol/payload.hpp"
#include "clutch/result.hpp"

namespace clutch::detail {

/// What a reader that has to wait is woken by: over once, as any call is, and so waited for, continued or observed.
class WakeState final : public CallState {
 public:
  explicit WakeState(std::shared_ptr<Engine> engine) noexcept : CallState(std::move(engine)) {}
  void wake() noexcept { finish(); }
};

class StreamState final : public CallState, private Observer {
 public:
  /// `window`: what the reader has room for at first, and ahead of what it took later.
  StreamState(std::shared_ptr<Engine> engine, StreamCredit window) noexcept;

  [[nodiscard]] StreamState* stream() noexcept override { return this; }

  // For engines.

  /// Items in their order, before complete(); one thread at a time. Wakes who waits; runs nothing of the program's.
  void push(StreamItems&& items);
  /// What the reader has room for, in total; when it has risen, Engine::on_credit() is called again. Any thread.
  [[nodiscard]] StreamCredit credit() noexcept;
  /// How many items were pushed: where there are any, no other attempt may follow. The pushing thread.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

  // For the reader: one thread at a time.

  /// Whether next_item() has something to give: an item, or the end.
  [[nodiscard]] bool ready() { return (left_ != 0 && !cancel_requested()) || refill(); }
  /// Blocks until it is ready; false at the deadline.
  bool wait_ready(Clock::time_point deadline);
  /// `wake` ends, once, when ready() may have become true; false, and it never does, where that may be so already. It
  /// takes the place of one that was given before.
  [[nodiscard]] bool wake_with(const CallRef& wake);
  /// Once ready(): nothing at the end, and after an error.
  template <class T>
  [[nodiscard]] std::optional<Result<T>> next_item();
  /// Cancels, unless it is over, and drops what was not read.
  void leave() noexcept;

  /// Instead of ready() and next_item(): takes what came; whether `limit` items are there, or no more come. May be
  /// called where a wake is observed.
  [[nodiscard]] bool gather(std::uint64_t limit);
  /// Whether gather() ended for the limit's sake, not the stream's.
  [[nodiscard]] bool gathered(std::uint64_t limit) const noexcept { return left_ + ahead_items_ >= limit; }
  /// Once gather() was true, also where the stream was cancelled since.
  template <class T>
  [[nodiscard]] std::optional<Result<T>> next_gathered() {
    return left_ != 0 || advance() ? next_item<T>() : end_of<T>();
  }

  /// A next() is under way: the reader's own note.
  bool in_next = false;

 private:
  void completed(CallState& call) noexcept override;
  void do_cancel(CallRef receipt) override;

  [[nodiscard]] bool refill();
  [[nodiscard]] bool advance();
  void drop() noexcept;
  void took_one();
  void took(std::uint64_t items, std::uint64_t bytes);
  [[nodiscard]] std::optional<Error> end();
  [[nodiscard]] Error misfit(const char* what);
  template <class T>
  [[nodiscard]] std::optional<Result<T>> end_of() {
    if (auto error = end()) return Result<T>(std::move(*error));
    return std::nullopt;
  }

  const StreamCredit window_;
  std::atomic<std::uint64_t> credit_items_;
  std::atomic<std::uint64_t> credit_bytes_;
  std::atomic<bool> credit_told_{false};  // and not looked at since
  std::uint64_t received_ = 0;            // the engine's

  std::mutex mutex_;
  std::vector<StreamItems> queue_;
  CallRef wake_;
  bool over_ = false;      // no more is pushed
  bool dropping_ = false;  // what is pushed
  bool dropped_ = false;   // something was

  // The reader's.
  std::vector<StreamItems> taken_;
  std::size_t next_batch_ = 0;  // of `taken_`
  StreamItems batch_;
  std::optional<ItemsReader> reader_;  // of `batch_`
  std::uint32_t left_ = 0;             // items of `batch_`
  std::uint64_t read_ = 0;
  std::uint64_t read_bytes_ = 0;  // of whole batches
  std::uint64_t tell_items_;      // when the engine is told
  std::uint64_t tell_bytes_;
  std::uint64_t ahead_items_ = 0;  // gathered, but for `batch_`
  std::uint64_t ahead_bytes_ = 0;
  std::size_t counted_ = 0;  // of `taken_`, in `ahead_…`
  bool ended_ = false;       // the reader was told
};

template <class T>
std::optional<Result<T>> StreamState::next_item() {
  if (left_ == 0) return end_of<T>();
  try {
    std::optional<Result<T>> item(std::in_place, reader_->next<T>());
    took_one();
    return item;
  } catch (const misuse&) {
    leave();
    throw;
  } catch (const std::exception& error) {
    return Result<T>(misfit(error.what()));
  }
}

[[noreturn]] void throw_consumed_stream();
[[noreturn]] void throw_consumed_next();
/// Throws misuse where one is under way.
void check_no_next(const StreamState& stream);
/// Blocks until next_item() may be called.
void wait_for_next(StreamState& stream);
/// What the end of a Stream does.
void leave_stream(StreamState& stream) noexcept;

/// A stream that its engine has not seen.
[[nodiscard]] CallRef new_stream(const std::shared_ptr<Engine>& engine, const CallOptions& options);

}  // namespace clutch::detail
