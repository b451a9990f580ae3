// clutch::Function<R(A…)>: a Python function by name, with its types checked at compile time.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "clutch/call.hpp"
#include "clutch/detail/submit.hpp"
#include "clutch/options.hpp"

namespace clutch {

template <class Signature>
class Function;

/// Made by Caller::function(). Copies share the engine; it may outlive the Pool, whereafter its calls end as
/// `unavailable`. Any thread.
template <class R, class... A>
class Function<R(A...)> {
  static_assert(detail::owns_data<R>, CLUTCH_OWNING_MESSAGE);
  static_assert(std::is_void_v<R> || Readable<R>, "clutch: the result of this function has no clutch::Codec");
  static_assert((detail::Argument<A> && ...), "clutch: an argument of this function has no clutch::Codec");

 public:
  Function(std::shared_ptr<detail::Engine> engine, std::shared_ptr<const CallOptions> options, std::string name)
      : engine_(std::move(engine)), options_(std::move(options)), name_(std::move(name)) {}

  Call<R> operator()(A... arguments) const {
    return Call<R>(detail::submit(engine_, name_, *options_, std::forward<A>(arguments)...));
  }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  std::shared_ptr<detail::Engine> engine_;
  std::shared_ptr<const CallOptions> options_;
  std::string name_;
};

}  // namespace clutch
