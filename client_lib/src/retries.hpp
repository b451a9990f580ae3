// The calls of an engine that may be tried again: what their next attempt needs, and when it is due. The decision is
// retry.hpp's. Stepped under the engine's guard; knows no clock, no sockets.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "clutch/options.hpp"
#include "clutch/protocol/payload.hpp"
#include "retry.hpp"

namespace clutch::detail {

class Retries {
 public:
  using Time = std::chrono::steady_clock::time_point;

  using Waiting = std::multimap<Time, std::uint64_t>;

  struct Entry {
    std::string function;
    Request request;
    CallOptions options;
    Time deadline = Time::max();
    std::uint32_t attempt = 1;
    bool detached = false;
    Error last_error;                        ///< while it waits
    std::optional<Waiting::iterator> place;  ///< where it waits
  };

  /// By the call's tag; kept until forget().
  void keep(std::uint64_t tag, Entry entry) { entries_.emplace(tag, std::move(entry)); }
  [[nodiscard]] Entry* find(std::uint64_t tag);
  void forget(std::uint64_t tag);

  /// The call's attempt failed: when the next is due, or nothing where the error is final. Its message then says so
  /// where it is for want of a token.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> on_failure(std::uint64_t tag, Error& error, Time now);
  /// Of any call of the engine's.
  void on_success() noexcept { budget_.on_success(); }
  /// Whether it waits between two attempts.
  [[nodiscard]] bool waits(std::uint64_t tag) const;
  /// Tags that are due; they wait no more.
  [[nodiscard]] std::vector<std::uint64_t> take_due(Time now);
  /// All that wait; they wait no more.
  [[nodiscard]] std::vector<std::uint64_t> take_waiting();
  [[nodiscard]] Time next_time() const { return waiting_.empty() ? Time::max() : waiting_.begin()->first; }

 private:
  std::unordered_map<std::uint64_t, Entry> entries_;
  Waiting waiting_;
  RetryBudget budget_;
  std::minstd_rand random_{std::random_device{}()};
};

/// A copy that can be sent again; payload frames are shared.
[[nodiscard]] Request copy_of(const Request& request);

}  // namespace clutch::detail
