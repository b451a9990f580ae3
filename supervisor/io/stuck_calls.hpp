// Receipts that say `ignored`, held back until the worker has told where the call is stuck, or has not in time. Knows
// no socket: who asks and who delivers are handed in.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "core/actions.hpp"

namespace clutch::io {

class StuckCalls {
 public:
  using Deliver = std::function<void(core::ReceiptDelivery&&)>;

  /// Its worker was asked where it is.
  void hold(core::ReceiptDelivery&& receipt, core::Time now);
  /// The answer: a Python stack, or nothing.
  void on_where(core::CallId call, std::string_view stack, const Deliver& deliver);
  /// Those that were waited for long enough go as they are.
  void give_up(core::Time now, const Deliver& deliver);
  [[nodiscard]] core::Time next_time() const noexcept { return held_.empty() ? core::never : held_.front().by; }

 private:
  struct Held {
    core::ReceiptDelivery receipt;
    core::Time by;
  };
  std::vector<Held> held_;  // in the order of `by`
};

}  // namespace clutch::io
