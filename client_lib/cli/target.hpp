// Who the calls go to: a pool in this process, or a daemon.
#pragma once

#include <memory>

#include "clutch/caller.hpp"
#include "clutch/function_info.hpp"
#include "clutch/result.hpp"
#include "options.hpp"

namespace clutch::cli {

class Target {
 public:
  virtual ~Target() = default;
  [[nodiscard]] virtual const Caller& caller() const = 0;
  [[nodiscard]] virtual Result<FunctionList> functions() = 0;
  /// For `clutch ps`, as PROTOCOL.md, QUERY, has it.
  [[nodiscard]] virtual Result<Value> processes() = 0;
  [[nodiscard]] virtual Result<Value> quarantine() = 0;
  /// PROTOCOL.md, COMMAND. Ends when the daemon has done it.
  [[nodiscard]] virtual Result<Value> command(const std::string& name, Value::Map arguments = {}) = 0;
  /// Nobody waits for what still runs: it is given no more than a moment. For the last.
  virtual void hurry() = 0;
};

/// Starts or connects; the error is why it did not work.
[[nodiscard]] Result<std::unique_ptr<Target>> open_target(const Options& options);

}  // namespace clutch::cli
