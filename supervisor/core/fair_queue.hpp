// Calls that wait, served fairly: by deficit round robin among sessions, so that who has thousands waiting delays
// nobody else by more than a call; and between priorities by weights, so that none is ever starved. Everything is done
// in constant time and, once a session is known, without allocation. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "core/call.hpp"

namespace clutch::core {

class FairQueue {
 public:
  /// Of calls that are served while all levels have some, so many are `low`, `normal` and `high`.
  static constexpr std::array<std::uint32_t, priorities> weights = {1, 4, 16};

  void push_back(Call& call) { join(call).calls.push_back(call); }
  /// Ahead of its own session's and priority's.
  void push_front(Call& call) { join(call).calls.push_front(call); }
  /// Whose turn it is, again and again until it is taken, or removed from its list; nullptr where nobody has a turn.
  [[nodiscard]] Call* front() noexcept;
  /// Takes what front() gave, at its session's cost.
  void take(Call& call) noexcept;
  /// A paused session has no turn.
  void pause(SessionId session, bool paused);
  /// Whether one of its session and priority waits here.
  [[nodiscard]] bool has_like(const Call& call) const noexcept;
  /// All that wait, whether or not they have a turn. `take_out` must remove each from its list.
  template <class F>
  void empty_out(F&& take_out) {
    for (const auto& flows : flows_) {
      if (!flows) continue;
      for (auto& flow : *flows) {
        while (Call* call = flow.calls.front()) take_out(*call);
      }
    }
  }
  /// Of which none waits here.
  void forget(SessionId session) noexcept;

 private:
  struct FlowTag {};
  /// One session's calls of one priority. In a ring while it has calls and is not paused; one that has lost its calls
  /// otherwise than by take() leaves it when its turn comes.
  struct Flow : Link<FlowTag> {
    IntrusiveList<Call, PlaceTag> calls;
    std::int32_t balance = 0;  ///< it has its turn while this is positive
    bool paused = false;
  };
  using Flows = std::array<Flow, priorities>;

  /// A call weighs one, and one more for each 64 KiB of its request, but no more than 16: what it costs the workers is
  /// not known.
  [[nodiscard]] static std::int32_t weight(const Call& call) noexcept {
    return 1 + static_cast<std::int32_t>(std::min<std::size_t>(call.request_bytes >> 16, 15));
  }
  [[nodiscard]] Flow& join(const Call& call);
  [[nodiscard]] Call* front_of(std::size_t level) noexcept;

  std::vector<std::unique_ptr<Flows>> flows_;  // by SessionId
  std::array<IntrusiveList<Flow, FlowTag>, priorities> rings_;
  std::array<std::uint32_t, priorities> turns_ = weights;  // left to each level in this round
};

}  // namespace clutch::core
