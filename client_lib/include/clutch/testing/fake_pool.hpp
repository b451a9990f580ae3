// clutch::testing::FakePool: a Caller whose functions are lambdas, to test code that makes calls without Python.
// Arguments and results cross through the same codecs as everywhere, so what would not cross does not cross here
// either.
//
//   clutch::testing::FakePool pool;
//   pool.on("shop.price", [](std::string item) { return item == "tea" ? 3.5 : 0.0; });
//   EXPECT_EQ(total(pool, {"tea"}), 3.5);
//
// A function runs within call(), on the thread that calls, a generator's step within stream() or where its reader takes
// items: never more than the reader has room for; then() and co_await go on on a completion thread, as with a
// Pool. Time is not waited for: a delay, and the pause before a retry, pass at once, and what would outlast a timeout
// ends as deadline_exceeded at once. Retry policies are followed. Any thread; destroying it ends what is left as
// cancelled.
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "clutch/caller.hpp"
#include "clutch/value.hpp"

namespace clutch::testing {

/// The last parameter of a function that takes keyword arguments: all of them, a map.
struct Keywords {
  Value values;
  [[nodiscard]] const Value* find(std::string_view name) const noexcept { return values.find(name); }
};

/// A call that was made, whatever came of it.
struct RecordedCall {
  std::string function;
  Value args;    ///< an array
  Value kwargs;  ///< a map, or nil for none
  CallOptions options;
};

namespace detail {
using Handler = std::function<clutch::detail::Outcome(const Request&)>;
/// What a generator gives when asked for its next item: a Reply with it, an Error, or nothing at its end.
using Step = std::optional<clutch::detail::Outcome>;
using Generator = std::function<Step()>;
using Streamer = std::function<std::variant<Generator, Error>(const Request&)>;
class FakeEngine;
}  // namespace detail

class FakePool : public Caller {
 public:
  explicit FakePool(CallOptions options = {});
  FakePool(const FakePool&) = delete;
  FakePool& operator=(const FakePool&) = delete;
  ~FakePool();

  /// A function: f takes what owns its data, and Keywords last if it takes any; it returns a value, nothing or a
  /// Result, or throws CallError. Any other exception is an Error as if Python had raised it. Replaces what was said of
  /// the name.
  template <class F>
  FakePool& on(std::string name, F f);
  /// An iterator: each stream() of it gets these items, and then, where there is one, the error.
  template <class T>
  FakePool& yields(std::string name, std::vector<T> items, std::optional<Error> error = {});
  /// An iterator: f takes arguments as on()'s does, and returns what is called for each item: it gives a
  /// std::optional<T>, nothing at the end, or throws CallError; any other exception is an Error as if Python had raised
  /// it.
  template <class F>
  FakePool& generates(std::string name, F f);
  /// Calls of it fail: all, or the next `times`, after which on()'s function answers.
  FakePool& fail(std::string name, Error error, std::size_t times = SIZE_MAX);
  /// Calls of it take this long: under a timeout that is shorter they end as deadline_exceeded.
  FakePool& delay(std::string name, std::chrono::nanoseconds duration);
  /// Calls of it never end by themselves: only by a timeout, at once, or by a cancel.
  FakePool& hang(std::string name);
  /// Calls of it stay under way, whatever their timeout, until release() or a cancel.
  FakePool& hold(std::string name);
  /// Answers what hold() held back, on the thread that releases, and holds no more.
  FakePool& release(std::string_view name);

  /// Calls so far, in order: all, or of one function.
  [[nodiscard]] std::vector<RecordedCall> calls() const;
  [[nodiscard]] std::vector<RecordedCall> calls(std::string_view name) const;
  /// Calls that are under way.
  [[nodiscard]] std::size_t pending() const;

 private:
  explicit FakePool(std::shared_ptr<detail::FakeEngine> fake, CallOptions options);
  void set_handler(std::string name, detail::Handler handler);
  void set_streamer(std::string name, detail::Streamer streamer);

  std::shared_ptr<detail::FakeEngine> fake_;
};

namespace detail {

[[nodiscard]] Error bad_argument(std::string_view what);
[[nodiscard]] Error raised(const std::exception& exception);
/// An error where keywords came to a function that takes none, or another number of arguments.
void check_arity(const Request& request, std::size_t taken, bool takes_keywords);
[[nodiscard]] Value keywords_of(const Request& request);

template <class T>
clutch::detail::Outcome outcome_of(const T& value) {
  Writer writer;
  writer.value(value);
  return Reply{writer.blob(), {}};
}
template <class T>
clutch::detail::Outcome outcome_of(const Result<T>& result) {
  if (!result.ok()) return result.error();
  if constexpr (std::is_void_v<T>) {
    return outcome_of(std::monostate());
  } else {
    return outcome_of(result.value());
  }
}

template <class... A>
inline constexpr bool takes_keywords = false;
template <class First, class... Rest>
inline constexpr bool takes_keywords<First, Rest...> = takes_keywords<Rest...>;
template <>
inline constexpr bool takes_keywords<Keywords> = true;

template <class Arguments, std::size_t... I>
Arguments read_arguments(const Request& request, std::index_sequence<I...>) {
  Reader reader(request.args.bytes(), &request.frames);
  auto items = reader.array();
  [[maybe_unused]] const auto one = [&]<class T>(std::type_identity<T>) -> T {
    if constexpr (std::is_same_v<T, Keywords>) {
      return Keywords{keywords_of(request)};
    } else {
      return items.template next<T>();
    }
  };
  return Arguments{one(std::type_identity<std::tuple_element_t<I, Arguments>>())...};
}

/// What f gives, or the Error that it throws.
template <class Made, class F>
Made guarded(const F& f) {
  try {
    return f();
  } catch (const CallError& error) {
    return error.error();
  } catch (const CodecError& error) {
    return bad_argument(error.what());
  } catch (const std::exception& error) {
    return raised(error);
  }
}

template <class R, class... A>
R apply_to(const std::function<R(A...)>& f, const Request& request) {
  using Arguments = std::tuple<std::decay_t<A>...>;
  constexpr bool keywords = takes_keywords<std::decay_t<A>...>;
  check_arity(request, sizeof...(A) - (keywords ? 1 : 0), keywords);
  return std::apply(f, read_arguments<Arguments>(request, std::index_sequence_for<A...>()));
}

template <class R, class... A>
Handler handler_of(std::function<R(A...)> f) {
  return [f = std::move(f)](const Request& request) {
    return guarded<clutch::detail::Outcome>([&]() -> clutch::detail::Outcome {
      if constexpr (std::is_void_v<R>) {
        apply_to(f, request);
        return outcome_of(std::monostate());
      } else {
        return outcome_of(apply_to(f, request));
      }
    });
  };
}

template <class Next>
Generator generator_of(Next next) {
  return [next = std::move(next)]() mutable {
    return guarded<Step>([&]() -> Step {
      auto item = next();
      if (!item) return std::nullopt;
      return outcome_of(*item);
    });
  };
}

template <class R, class... A>
Streamer streamer_of(std::function<R(A...)> f) {
  return [f = std::move(f)](const Request& request) {
    using Made = std::variant<Generator, Error>;
    return guarded<Made>([&]() -> Made { return generator_of(apply_to(f, request)); });
  };
}

}  // namespace detail

template <class F>
FakePool& FakePool::on(std::string name, F f) {
  set_handler(std::move(name), detail::handler_of(std::function(std::move(f))));
  return *this;
}

template <class F>
FakePool& FakePool::generates(std::string name, F f) {
  set_streamer(std::move(name), detail::streamer_of(std::function(std::move(f))));
  return *this;
}

template <class T>
FakePool& FakePool::yields(std::string name, std::vector<T> items, std::optional<Error> error) {
  const auto shared = std::make_shared<const std::vector<T>>(std::move(items));
  set_streamer(std::move(name), [shared, error](const Request&) -> std::variant<detail::Generator, Error> {
    return [shared, error, at = std::size_t{0}]() mutable -> detail::Step {
      if (at < shared->size()) return detail::outcome_of(T((*shared)[at++]));
      if (error) return *error;
      return std::nullopt;
    };
  });
  return *this;
}

}  // namespace clutch::testing
