// The streams of a FakePool that are under way: each takes a step only while its reader has room, on the thread that
// gives it.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "clutch/detail/call_state.hpp"
#include "clutch/detail/stream_state.hpp"
#include "clutch/testing/fake_pool.hpp"

namespace clutch::testing::detail {

[[nodiscard]] Error cancelled_error(Certainty certainty, const char* why);

class FakeStreams {
 public:
  /// `first` is what the generator's first step gave: an item, or nothing.
  void start(clutch::detail::CallRef call, Generator generator, Step first);
  void on_credit(clutch::detail::CallState& call);
  /// Whether it is one of these: the receipt is then given.
  [[nodiscard]] bool cancel(clutch::detail::CallState& call, clutch::detail::CallRef receipt);
  /// Ends all that are left.
  void end();
  [[nodiscard]] std::size_t size() const;

 private:
  struct Stream;
  using StreamRef = std::shared_ptr<Stream>;

  [[nodiscard]] StreamRef find(clutch::detail::CallState& call) const;
  [[nodiscard]] bool claim(Stream& stream);
  void run(const StreamRef& stream);
  [[nodiscard]] bool has_room(const Stream& stream) const;
  [[nodiscard]] bool pause(Stream& stream);
  void finish(const StreamRef& stream, clutch::detail::Outcome outcome, bool cancelled);

  mutable std::mutex mutex_;
  std::vector<StreamRef> streams_;
};

}  // namespace clutch::testing::detail
