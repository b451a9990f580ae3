// What truly happened to each call, kept beside the core, and what must hold of it. Whatever does not throws Violation.
#pragma once

#include <array>
#include <map>
#include <set>
#include <stdexcept>
#include <vector>

#include "plan.hpp"

namespace clutch::simulation {

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};
inline void require(bool holds, const char* what, std::uint64_t tag = 0) {
  if (!holds) throw Violation(std::string(what) + (tag != 0 ? " (call " + std::to_string(tag) + ")" : ""));
}

struct CallFacts {
  std::uint64_t tag = 0;
  std::uint32_t function = 0;
  std::uint32_t session = 0;
  std::optional<core::CallId> id;
  Time deadline = never;
  Time queue_deadline = never;
  Duration attempt_timeout{};
  bool detached = false;
  bool sent_before = false;
  std::uint64_t given_back_in = 0;  ///< the turn
  core::Incarnation holder;         ///< whom it was sent to; none again once that one is reaped
  Time cancelled_at = never;
  Time ran_at = never;          ///< its code ran, at a worker
  Time passed_over_at = never;  ///< a worker passed it over as expired
  Time must_end_by = never;
  std::optional<core::Outcome> outcome;

  [[nodiscard]] Time expires() const { return std::min(deadline, queue_deadline); }
};

class Ledger {
 public:
  explicit Ledger(const Plan& plan) : plan_(plan) {}

  CallFacts& submitted(CallFacts facts);
  [[nodiscard]] CallFacts& at(std::uint64_t tag) { return calls_.at(tag - 1); }
  [[nodiscard]] const CallFacts& at(std::uint64_t tag) const { return calls_.at(tag - 1); }
  [[nodiscard]] std::vector<CallFacts>& all() { return calls_; }

  void begin_turn() { ++turn_; }
  void accepted(CallFacts&, core::CallId id);
  void cancelled(CallFacts&, Time now);
  void sent(std::uint64_t tag, core::Incarnation holder, bool order_matters);
  /// Its worker is reaped: it is to be sent again, unless it is answered.
  void given_back(std::uint64_t tag);
  void ran(std::uint64_t tag, Time now);
  void passed_over(std::uint64_t tag, Time now) { at(tag).passed_over_at = now; }
  void ended(std::uint64_t tag, core::Outcome&& outcome, Time now);
  /// None is late.
  void check_deadlines(Time now) const;

  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::size_t open() const { return calls_.size() - delivered_; }
  /// Open calls that no worker has, the oldest first.
  [[nodiscard]] const std::set<std::uint64_t>& waiting(std::uint32_t function) const { return waiting_[function]; }

 private:
  void check_order(const CallFacts&) const;
  void check_certainty(const CallFacts&, const Error&) const;
  void must_end(CallFacts&, Time by);

  const Plan& plan_;
  std::vector<CallFacts> calls_;  // by tag - 1
  std::array<std::set<std::uint64_t>, function_count> waiting_;
  std::multimap<Time, std::uint64_t> due_;
  std::uint64_t delivered_ = 0;
  std::uint64_t turn_ = 1;
};

}  // namespace clutch::simulation
