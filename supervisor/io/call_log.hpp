// Each call's way through a pool as records of level debug: which step, how long after the one before.
#pragma once

#include <string>
#include <unordered_map>

#include "core/actions.hpp"
#include "io/pool_log.hpp"

namespace clutch::io {

class CallLog {
 public:
  explicit CallLog(PoolLog& log) : log_(log) {}

  /// `now`: when the turn of the loop began in which it happened.
  void write(const core::CallStep& step, core::Time now);

 private:
  struct Times {
    core::Time accepted{};
    core::Time sent{};   // zero: no worker has it
    core::Time begun{};  // zero: it has not, so far as is known
  };
  [[nodiscard]] std::string told(const core::CallStep&, core::Time now);

  PoolLog& log_;
  std::unordered_map<std::uint64_t, Times> under_way_;  // by CallId
};

}  // namespace clutch::io
