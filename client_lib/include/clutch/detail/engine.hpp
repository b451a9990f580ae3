// What Pool, Client and testing::FakePool are behind the calls: something that takes a request and, later, from a
// thread of its own, completes the call exactly once.
#pragma once

#include <string_view>
#include <variant>

#include "clutch/options.hpp"
#include "clutch/protocol/payload.hpp"

namespace clutch::detail {

class CallState;  // detail/call_state.hpp
class CallRef;    // an intrusive reference to a CallState

/// How a call ended.
using Outcome = std::variant<Reply, Error>;

class Engine {
 public:
  virtual ~Engine() = default;

  /// Any thread. Takes the call; whatever is wrong becomes its outcome. `function` and `options` are read before it
  /// returns. The engine calls complete() on the state exactly once, perhaps before this returns, holding no lock that
  /// cancel(), detach() or post() take. A call that has a stream() is one: its items are pushed before it is completed.
  virtual void submit(CallRef call, std::string_view function, Request&& request, const CallOptions& options) = 0;
  /// Any thread, also from within complete() of another call, on the thread that completes it (try_join cancels the
  /// rest there): it must not wait for that. Asks; the call still ends in exactly one outcome, `cancelled` or what it
  /// raced with. `receipt` is null, or a ReceiptState that the engine gives to when it is known what became of the
  /// work: the same holds for that as for complete().
  virtual void cancel(CallState& call, CallRef receipt) = 0;
  /// Any thread. The stream's credit() has risen: the engine reads it later, once for any number of these.
  virtual void on_credit(CallState& stream) = 0;
  /// Any thread. A call that was to come here is over already, as its error says: scopes want to know.
  virtual void on_refused(CallState&) {}
  /// Any thread. Nobody waits any more; let it run.
  virtual void detach(CallState& call) = 0;
  /// Any thread. Runs the task on this engine's completion thread, never on the caller's nor on a loop.
  virtual void post(void (*run)(void*), void* argument) = 0;
};

}  // namespace clutch::detail
