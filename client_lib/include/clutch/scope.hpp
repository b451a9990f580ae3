// clutch::Scope: calls that end together. What is started in it is cancelled when the scope ends, or when the first of
// it fails, whichever comes first.
//
//   clutch::Scope scope(pool);
//   auto prices = scope.call<std::vector<double>>("shop.prices");
//   scope.call<void>("shop.warm_up").detach();     // nobody takes its outcome, but the scope
//   for (clutch::Result<int> order : scope.stream<int>("shop.orders")) { … }
//   if (auto done = scope.wait(); !done) return done.error();
//
// A Caller: what is made of it, by with(), function() or a copy, belongs to it too, and may outlive it. A call or
// stream that ends as an error fails the scope, unless the program itself had cancelled or left it. Any thread; its end
// is for one.
#pragma once

#include <memory>
#include <optional>

#include "clutch/caller.hpp"
#include "clutch/result.hpp"

namespace clutch {

namespace detail {
class ScopeEngine;
}

class Scope : public Caller {
 public:
  /// Of a Pool, Client, FakePool, or what their with() gives, with its options.
  explicit Scope(const Caller& caller);
  /// No copy: a scope within that one, which ends with it, and fails it.
  explicit Scope(const Scope& outer) : Scope(static_cast<const Caller&>(outer)) {}
  Scope& operator=(const Scope&) = delete;
  /// Cancels what is not over, and does not wait for that.
  ~Scope();

  /// Blocks until all that was started is over; then the first failure, if there was one. More may be started after a
  /// success.
  Result<void> wait() { return finished().get(); }
  /// The same to be awaited, continued or joined. Cancelling or destroying it does nothing to the scope.
  [[nodiscard]] Call<void> finished() const;

  /// Cancels what is not over; whatever is started later ends at once as `cancelled`, not_started. The receipt tells
  /// the least good of what became of each, as that of a join().
  Receipt cancel();
  /// Whether something failed: the rest was then cancelled, as by cancel().
  [[nodiscard]] bool failed() const { return error().has_value(); }
  /// The first failure.
  [[nodiscard]] std::optional<Error> error() const;

 private:
  explicit Scope(std::shared_ptr<detail::ScopeEngine> engine, CallOptions options);

  std::shared_ptr<detail::ScopeEngine> scope_;
};

}  // namespace clutch
