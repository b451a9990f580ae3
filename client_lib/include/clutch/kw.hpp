// Keyword arguments: pool.call<int>("shop.order", 3, clutch::kw("colour", "red")).
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

namespace clutch {

template <class T>
struct Keyword {
  std::string_view name;
  T value;  // a reference where an lvalue was given: for use within the expression of the call
};

/// The name and an lvalue are referred to, not copied: write it where the call is made.
template <class T>
[[nodiscard]] Keyword<T> kw(std::string_view name, T&& value) {
  return {name, std::forward<T>(value)};
}

namespace detail {
template <class T>
inline constexpr bool is_keyword = false;
template <class T>
inline constexpr bool is_keyword<Keyword<T>> = true;
}  // namespace detail

}  // namespace clutch
