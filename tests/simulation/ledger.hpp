// What truly happened to each call, kept beside the core, and what must hold of it. Whatever does not throws Violation.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include "clutch/cancel_receipt.hpp"
#include "plan.hpp"

namespace clutch::simulation {

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};
inline void require(bool holds, const char* what, std::uint64_t tag = 0) {
  if (!holds) throw Violation(std::string(what) + (tag != 0 ? " (call " + std::to_string(tag) + ")" : ""));
}

/// Of a call that is a stream. Each item is of one byte or more.
struct StreamFacts {
  StreamCredit credit;                 ///< that its reader gave
  std::uint64_t produced = 0;          ///< by the worker
  std::uint64_t delivered = 0;         ///< to the reader
  std::uint64_t bytes = 0;             ///< delivered
  std::optional<std::uint64_t> total;  ///< it ended by itself, after so many
};

/// What is told of a cancel, beside what was asked.
struct ReceiptFacts {
  std::uint64_t tag = 0;
  Time asked{};
  std::optional<CancelReceipt> given;
};

struct CallFacts {
  std::uint64_t tag = 0;
  std::uint32_t function = 0;
  std::uint32_t session = 0;
  std::optional<core::CallId> id;
  Time deadline = never;
  Time queue_deadline = never;
  Duration attempt_timeout{};
  bool detached = false;
  core::Priority priority = core::Priority::normal;
  bool suspect = false;  ///< its arguments are those of others, which may have killed workers
  bool sent_before = false;
  std::uint64_t given_back_in = 0;  ///< the turn
  core::Incarnation holder;         ///< whom it was sent to; none again once that one is reaped
  Time cancelled_at = never;
  Time asked_at = never;        ///< the first cancel that wants a receipt
  Time ran_at = never;          ///< its code ran, at a worker
  Time passed_over_at = never;  ///< a worker passed it over as expired
  Time must_end_by = never;
  std::optional<core::Outcome> outcome;
  std::optional<StreamFacts> stream;
  bool unwound = false;   ///< a worker ended it because of its cancel
  bool returned = false;  ///< a worker ended it otherwise
  bool blocked = false;   ///< its worker's loop, for long
  bool lost = false;      ///< its worker died with it

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
  void items(std::uint64_t tag, const StreamItems& items);
  /// The number of a receipt that is asked for.
  std::uint64_t asked(std::uint64_t tag, Time now);
  /// `clock` is as the shell last read it.
  void receipt(std::uint64_t number, const CancelReceipt& receipt, Time clock, Time now);
  /// None is late.
  void check_deadlines(Time now) const;

  /// That were asked for and not given.
  [[nodiscard]] std::size_t receipts_open() const;
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t items_delivered() const { return items_delivered_; }
  [[nodiscard]] std::size_t open() const { return calls_.size() - delivered_; }
  /// Open calls that no worker has, the oldest first.
  [[nodiscard]] const std::set<std::uint64_t>& waiting(std::uint32_t function) const { return waiting_[function]; }

 private:
  void check_order(const CallFacts&) const;
  void check_certainty(const CallFacts&, const Error&) const;
  void check_value(const CallFacts&, const Reply&) const;
  void must_end(CallFacts&, Time by);

  const Plan& plan_;
  std::vector<CallFacts> calls_;  // by tag - 1
  std::array<std::set<std::uint64_t>, function_count> waiting_;
  std::multimap<Time, std::uint64_t> due_;
  std::uint64_t delivered_ = 0;
  std::uint64_t items_delivered_ = 0;
  std::vector<ReceiptFacts> receipts_;  // by number - 1
  std::uint64_t turn_ = 1;
};

}  // namespace clutch::simulation
