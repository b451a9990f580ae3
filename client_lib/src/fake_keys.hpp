// The idempotency keys of a FakePool: as a pool's, for as long as it lives.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "clutch/detail/call_state.hpp"
#include "clutch/protocol/payload.hpp"

namespace clutch::testing::detail {

class FakeKeys {
 public:
  /// False: it is to be executed, and its outcome handed to finish(). True: it has, or will have, another's outcome.
  [[nodiscard]] bool answers(const clutch::detail::CallRef& call, std::string_view function, const Request& request,
                             const std::string& key);
  /// Ends the one that was executed and all that joined it. An empty key is none.
  void finish(const std::string& key, const clutch::detail::CallRef& call, clutch::detail::Outcome outcome);
  /// Ends a call that joined another; false: it did not.
  [[nodiscard]] bool cancel(clutch::detail::CallState& call);
  /// One that joined, to have the execution from now on; empty: none did.
  [[nodiscard]] clutch::detail::CallRef successor(const std::string& key);

 private:
  struct Key {
    std::string payload;
    std::optional<clutch::detail::Outcome> outcome = {};  // nothing: it is under way
    std::vector<clutch::detail::CallRef> joined = {};
  };

  std::mutex mutex_;
  std::map<std::string, Key> keys_;
};

}  // namespace clutch::testing::detail
