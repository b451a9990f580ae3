// clutch::Caller: how calls are made, the same for Pool, Client and testing::FakePool, which derive from it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "clutch/call.hpp"
#include "clutch/call_arguments.hpp"
#include "clutch/detail/submit.hpp"
#include "clutch/function.hpp"
#include "clutch/kw.hpp"
#include "clutch/options.hpp"
#include "clutch/stream.hpp"

namespace clutch {

/// Copies share the engine and may outlive the Pool, whereafter calls end as `unavailable`. Any thread.
class Caller {
 public:
  Caller(std::shared_ptr<detail::Engine> engine, CallOptions options);

  /// Calls `module.function` with positional and kw() arguments and gives what it returns as a T. Never blocks:
  /// whatever is wrong is the outcome of the call. `void` takes and drops any result; Value takes any.
  template <class T, class... A>
  Call<T> call(std::string_view function, A&&... arguments) const {
    static_assert(detail::owns_data<T>, CLUTCH_OWNING_MESSAGE);
    static_assert(!detail::owns_data<T> || std::is_void_v<T> || Readable<T>,
                  "clutch: this result type does not cross: there is no clutch::Codec<T>::read for it (CLUTCH_DEFINE "
                  "makes one for a struct, CLUTCH_ENUM for an enum; or specialise clutch::Codec)");
    detail::CallRef made = detail::new_call(engine_);
    detail::submit(made, function, *options_, std::forward<A>(arguments)...);
    return Call<T>(std::move(made));
  }

  /// The same for arguments that are known only at run time.
  template <class T>
  Call<T> apply(std::string_view function, CallArguments arguments) const {
    detail::CallRef made = detail::new_call(engine_);
    detail::submit_arguments(made, function, *options_, std::move(arguments));
    return Call<T>(std::move(made));
  }

  /// Reads what an iterator gives, item by item as a T: an async generator, a generator, or a function that returns an
  /// iterator. As call() never blocks: whatever is wrong is the one item that comes.
  template <class T, class... A>
  Stream<T> stream(std::string_view function, A&&... arguments) const {
    detail::CallRef made = detail::new_stream(engine_, *options_);
    detail::submit(made, function, *options_, std::forward<A>(arguments)...);
    return Stream<T>(std::move(made));
  }
  template <class T>
  Stream<T> apply_stream(std::string_view function, CallArguments arguments) const {
    detail::CallRef made = detail::new_stream(engine_, *options_);
    detail::submit_arguments(made, function, *options_, std::move(arguments));
    return Stream<T>(std::move(made));
  }

  /// A typed handle: function<int(std::string, double)>("shop.price"), function<Stream<int>(int)>("shop.prices").
  template <class Signature>
  [[nodiscard]] Function<Signature> function(std::string name) const {
    return {engine_, options_, std::move(name)};
  }

  /// The same, with these options over its own: what is not set stays, metadata is joined.
  [[nodiscard]] Caller with(CallOptions options) const;

  [[nodiscard]] const CallOptions& options() const noexcept { return *options_; }

 protected:
  [[nodiscard]] const std::shared_ptr<detail::Engine>& engine() const noexcept { return engine_; }

 private:
  friend class Scope;

  std::shared_ptr<detail::Engine> engine_;
  std::shared_ptr<const CallOptions> options_;
};

}  // namespace clutch
