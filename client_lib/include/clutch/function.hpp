// clutch::Function<R(A…)>: a Python function by name, with its types checked at compile time. Where R is a Stream<T> it
// is one that gives items.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "clutch/call.hpp"
#include "clutch/detail/submit.hpp"
#include "clutch/options.hpp"
#include "clutch/stream.hpp"

namespace clutch {

template <class Signature>
class Function;

namespace detail {

/// What calling a Function gives, and what it is read as.
template <class R>
struct Made {
  using Type = Call<R>;
  static constexpr bool crosses = std::is_void_v<R> || Readable<R>;
  static constexpr bool owns = owns_data<R>;
  static CallRef state(const std::shared_ptr<Engine>& engine, const CallOptions&) { return new_call(engine); }
};
template <class T>
struct Made<Stream<T>> {
  using Type = Stream<T>;
  static constexpr bool crosses = Readable<T>;
  static constexpr bool owns = owns_data<T>;
  static CallRef state(const std::shared_ptr<Engine>& engine, const CallOptions& options) {
    return new_stream(engine, options);
  }
};

}  // namespace detail

/// Made by Caller::function(). Copies share the engine; it may outlive the Pool, whereafter its calls end as
/// `unavailable`. Any thread.
template <class R, class... A>
class Function<R(A...)> {
  static_assert(detail::Made<R>::owns, CLUTCH_OWNING_MESSAGE);
  static_assert(detail::Made<R>::crosses, "clutch: the result of this function has no clutch::Codec");
  static_assert((detail::Argument<A> && ...), "clutch: an argument of this function has no clutch::Codec");

 public:
  Function(std::shared_ptr<detail::Engine> engine, std::shared_ptr<const CallOptions> options, std::string name)
      : engine_(std::move(engine)), options_(std::move(options)), name_(std::move(name)) {}

  typename detail::Made<R>::Type operator()(A... arguments) const {
    detail::CallRef made = detail::Made<R>::state(engine_, *options_);
    detail::submit(made, name_, *options_, std::forward<A>(arguments)...);
    return typename detail::Made<R>::Type(std::move(made));
  }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  std::shared_ptr<detail::Engine> engine_;
  std::shared_ptr<const CallOptions> options_;
  std::string name_;
};

}  // namespace clutch
