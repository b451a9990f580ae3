// How a call's end reaches the program: Result<T> is a value or an Error. Expected failures are values; `.value()`
// turns one into an exception for code that prefers those. The program's own mistakes throw clutch::misuse.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include "clutch/protocol/error.hpp"

namespace clutch {

/// The program used the library wrongly: a second get(), the error of a success, a handle that was moved from.
class misuse : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// What Result::value() throws. what() is describe(error): code, stage, certainty, message and Python's traceback.
class CallError : public std::runtime_error {
 public:
  explicit CallError(Error error);
  [[nodiscard]] const Error& error() const noexcept { return *error_; }

 private:
  std::shared_ptr<const Error> error_;  // shared, so that copying the exception cannot throw
};

namespace detail {
[[noreturn]] void throw_call_error(const Error& error);
[[noreturn]] void throw_not_an_error();
}  // namespace detail

/// A value or an Error. A plain value type; no thread safety of its own.
template <class T>
class [[nodiscard]] Result {
  static_assert(std::is_object_v<T> && !std::is_same_v<std::remove_cv_t<T>, Error>,
                "clutch::Result<T>: T is the type of the value, not a reference, and not clutch::Error");

 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  /// The value; throws CallError where there is none.
  [[nodiscard]] const T& value() const& {
    if (!ok()) detail::throw_call_error(*std::get_if<1>(&state_));
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T& value() & { return const_cast<T&>(std::as_const(*this).value()); }
  [[nodiscard]] T value() && { return std::move(value()); }

  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) const& {
    return ok() ? *std::get_if<0>(&state_) : static_cast<T>(std::forward<U>(otherwise));
  }
  template <class U>
  [[nodiscard]] T value_or(U&& otherwise) && {
    return ok() ? std::move(*std::get_if<0>(&state_)) : static_cast<T>(std::forward<U>(otherwise));
  }

  /// The error; throws misuse where there is none.
  [[nodiscard]] const Error& error() const {
    if (ok()) detail::throw_not_an_error();
    return *std::get_if<1>(&state_);
  }

  /// f(value) -> U gives Result<U>; an error passes through.
  template <class F>
  [[nodiscard]] auto map(F&& f) && -> Result<std::invoke_result_t<F, T>> {
    if (!ok()) return std::move(*std::get_if<1>(&state_));
    if constexpr (std::is_void_v<std::invoke_result_t<F, T>>) {
      std::invoke(std::forward<F>(f), std::move(*std::get_if<0>(&state_)));
      return {};
    } else {
      return std::invoke(std::forward<F>(f), std::move(*std::get_if<0>(&state_)));
    }
  }
  /// f(value) -> Result<U>; an error passes through.
  template <class F>
  [[nodiscard]] auto and_then(F&& f) && -> std::invoke_result_t<F, T> {
    if (!ok()) return std::move(*std::get_if<1>(&state_));
    return std::invoke(std::forward<F>(f), std::move(*std::get_if<0>(&state_)));
  }

  friend bool operator==(const Result&, const Result&) = default;

 private:
  std::variant<T, Error> state_;
};

/// Done, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() noexcept = default;
  Result(Error error) : error_(std::make_shared<const Error>(std::move(error))) {}

  [[nodiscard]] bool ok() const noexcept { return error_ == nullptr; }
  explicit operator bool() const noexcept { return ok(); }

  /// Throws CallError unless ok().
  void value() const {
    if (error_ != nullptr) detail::throw_call_error(*error_);
  }
  /// The error; throws misuse where there is none.
  [[nodiscard]] const Error& error() const {
    if (ok()) detail::throw_not_an_error();
    return *error_;
  }

  template <class F>
  [[nodiscard]] auto and_then(F&& f) && -> std::invoke_result_t<F> {
    if (!ok()) return Error(*error_);
    return std::invoke(std::forward<F>(f));
  }

  friend bool operator==(const Result& a, const Result& b) {
    return a.ok() == b.ok() && (a.ok() || *a.error_ == *b.error_);
  }

 private:
  std::shared_ptr<const Error> error_;
};

}  // namespace clutch
