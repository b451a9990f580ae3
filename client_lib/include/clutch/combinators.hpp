// Several calls as one: join, try_join, join_all, try_join_all, race. They consume the calls given to them and give a
// Call, which is waited for, continued and cancelled like any other; cancelling it, or destroying it unfinished,
// cancels all. The calls may be of several pools; then() and co_await go on on the completion thread of the first.
#pragma once

#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "clutch/call.hpp"
#include "clutch/detail/group_state.hpp"

namespace clutch {

namespace detail {

/// What stands for a T among values: nothing is a monostate.
template <class T>
using Plain = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
Plain<T> unwrap(Result<T>&& result) {
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(result).value();
  }
}

template <class State, class... A>
CallRef start_group(A&&... arguments) {
  auto* state = new State(std::forward<A>(arguments)...);
  CallRef group(state);
  state->start();
  return group;
}

template <class T, class R>
Children children_of(std::vector<Call<T, R>>&& calls) {
  Children children;
  children.reserve(calls.size());
  for (Call<T, R>& call : calls) children.push_back(call.release_state());
  return children;
}
template <class... C>
Children children_of(C&... calls) {
  Children children;
  children.reserve(sizeof...(C));
  (children.push_back(calls.release_state()), ...);
  return children;
}

template <class... C>
class JoinState final : public GroupState<std::tuple<typename C::result_type...>> {
 public:
  using Results = std::tuple<typename C::result_type...>;
  explicit JoinState(Children children) : GroupState<Results>(GroupEnd::all, std::move(children)) {}
  Results take() override { return take(std::index_sequence_for<C...>()); }

 private:
  template <std::size_t... I>
  Results take(std::index_sequence<I...>) {
    return {detail::take<typename C::value_type, typename C::result_type>(*this->children()[I])...};
  }
};

template <class... T>
class TryJoinState final : public GroupState<Result<std::tuple<Plain<T>...>>> {
 public:
  using Values = std::tuple<Plain<T>...>;
  explicit TryJoinState(Children children) : GroupState<Result<Values>>(GroupEnd::first_failure, std::move(children)) {}
  Result<Values> take() override { return take(std::index_sequence_for<T...>()); }

 private:
  template <std::size_t... I>
  Result<Values> take(std::index_sequence<I...>) {
    std::optional<Error> error;
    if (const CallState* first = this->decisive()) {
      (take_error<T>(I, first, error), ...);
      return std::move(*error);
    }
    std::tuple<Result<T>...> results{detail::take<T, Result<T>>(*this->children()[I])...};
    // All came, and one may still not fit its type.
    ((!error && !std::get<I>(results).ok() ? void(error = std::get<I>(results).error()) : void()), ...);
    if (error) return std::move(*error);
    return Values{unwrap(std::move(std::get<I>(results)))...};
  }

  template <class U>
  void take_error(std::size_t index, const CallState* first, std::optional<Error>& error) {
    const CallRef& child = this->children()[index];
    if (child.get() == first) error = detail::take<U, Result<U>>(*child).error();
  }
};

template <class T, class R>
class JoinAllState final : public GroupState<std::vector<R>> {
 public:
  explicit JoinAllState(Children children) : GroupState<std::vector<R>>(GroupEnd::all, std::move(children)) {}
  std::vector<R> take() override {
    std::vector<R> results;
    results.reserve(this->children().size());
    for (const CallRef& child : this->children()) results.push_back(detail::take<T, R>(*child));
    return results;
  }
};

template <class T>
class TryJoinAllState final : public GroupState<Result<std::vector<Plain<T>>>> {
 public:
  using Values = std::vector<Plain<T>>;
  explicit TryJoinAllState(Children children)
      : GroupState<Result<Values>>(GroupEnd::first_failure, std::move(children)) {}
  Result<Values> take() override {
    const CallState* first = this->decisive();
    Values values;
    for (const CallRef& child : this->children()) {
      if (first != nullptr && child.get() != first) continue;
      Result<T> result = detail::take<T, Result<T>>(*child);
      if (!result.ok()) return result.error();
      values.push_back(unwrap(std::move(result)));
    }
    return values;
  }
};

template <class T>
class RaceState final : public GroupState<Result<T>> {
 public:
  explicit RaceState(Children children) : GroupState<Result<T>>(GroupEnd::first, std::move(children)) {}
  Result<T> take() override { return detail::take<T, Result<T>>(*const_cast<CallState*>(this->decisive())); }
};

[[noreturn]] void throw_empty_race();

}  // namespace detail

/// Each one's result, when all are over: get() gives std::tuple<Result<T>…>.
template <class... T, class... R>
[[nodiscard]] auto join(Call<T, R>... calls) {
  using State = detail::JoinState<Call<T, R>...>;
  return Call<std::tuple<detail::Plain<T>...>, std::tuple<R...>>(
      detail::start_group<State>(detail::children_of(calls...)));
}

/// All values, or the first failure in time, at once: the rest is cancelled. get() gives Result<std::tuple<T…>>, with
/// std::monostate for void.
template <class... T>
[[nodiscard]] auto try_join(Call<T>... calls) {
  return Call<std::tuple<detail::Plain<T>...>>(
      detail::start_group<detail::TryJoinState<T...>>(detail::children_of(calls...)));
}

/// Each one's result, in the order of the calls, when all are over: get() gives std::vector<Result<T>>.
template <class T, class R>
[[nodiscard]] auto join_all(std::vector<Call<T, R>> calls) {
  return Call<std::vector<detail::Plain<T>>, std::vector<R>>(
      detail::start_group<detail::JoinAllState<T, R>>(detail::children_of(std::move(calls))));
}

/// All values in the order of the calls, or the first failure in time, at once: the rest is cancelled. get() gives
/// Result<std::vector<T>>.
template <class T>
[[nodiscard]] auto try_join_all(std::vector<Call<T>> calls) {
  return Call<std::vector<detail::Plain<T>>>(
      detail::start_group<detail::TryJoinAllState<T>>(detail::children_of(std::move(calls))));
}

/// The first outcome, be it a value or an error, at once: the rest is cancelled. A race of none is misuse.
template <class T>
[[nodiscard]] Call<T> race(std::vector<Call<T>> calls) {
  if (calls.empty()) detail::throw_empty_race();
  return Call<T>(detail::start_group<detail::RaceState<T>>(detail::children_of(std::move(calls))));
}
template <class T, class... Rest>
requires(std::same_as<Call<T>, Rest>&&...) [[nodiscard]] Call<T> race(Call<T> first, Rest... rest) {
  return Call<T>(detail::start_group<detail::RaceState<T>>(detail::children_of(first, rest...)));
}

}  // namespace clutch
