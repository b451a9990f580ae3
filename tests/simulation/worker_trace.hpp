// What one model worker received, did and sent, as a line of JSON: tests/simulation/compare_worker.py has the Python
// worker do the same and compares what it sends. The events are told there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model_worker.hpp"

namespace clutch::simulation {

class WorkerTrace {
 public:
  WorkerTrace(std::uint64_t seed, core::Incarnation, const Plan&, const core::Registration&, Time start);

  void received(Time, const std::vector<RunMessage>&);
  void received(Time, const ControlMessage&);
  /// `how`: "runs", "returns" in its first step already, or the code with which it was passed over.
  void begins(Time, const RunMessage&, std::string_view how);
  /// `what` its function does: "returns", "raises", "unwinds", "ends" (a stream), "yields" an item of so many bytes.
  void does(Time, const RunMessage&, std::string_view what, std::size_t bytes = 0);
  /// The end of a turn, and what it sent on data.
  void turns(Time, const std::vector<ReplyRecord>& sent, const std::array<std::uint64_t, 2>& page, bool begun_told);
  [[nodiscard]] std::string line() const { return head_ + events_ + "]}"; }

 private:
  void event(std::string_view name, Time);

  Time start_;
  std::string head_;
  std::string events_;
};

}  // namespace clutch::simulation
