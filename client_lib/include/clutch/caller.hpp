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
    return Call<T>(detail::submit(engine_, function, *options_, std::forward<A>(arguments)...));
  }

  /// The same for arguments that are known only at run time.
  template <class T>
  Call<T> apply(std::string_view function, CallArguments arguments) const {
    return Call<T>(detail::submit_arguments(engine_, function, *options_, std::move(arguments)));
  }

  /// A typed handle: function<int(std::string, double)>("shop.price").
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
  std::shared_ptr<detail::Engine> engine_;
  std::shared_ptr<const CallOptions> options_;
};

}  // namespace clutch
