// Whether a type owns what it refers to: a result must, because the bytes it was read from are gone when it is used.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>

#define CLUTCH_OWNING_MESSAGE                                                                                      \
  "clutch: a result must own its data: string_view, span, pointers and references would dangle; use std::string, " \
  "clutch::Bytes or a container"

namespace clutch::detail {

template <class T>
inline constexpr bool owns_data = !std::is_pointer_v<T> && !std::is_reference_v<T> && !std::is_member_pointer_v<T>;
template <class T>
inline constexpr bool owns_data<const T> = owns_data<T>;
// vector<string_view>, map<K, const char*>, optional<span<…>>: what a template holds is among its arguments.
template <template <class...> class C, class... A>
inline constexpr bool owns_data<C<A...>> = (owns_data<A> && ...);
template <template <class, std::size_t> class C, class T, std::size_t N>
inline constexpr bool owns_data<C<T, N>> = owns_data<T>;
template <class C, class Traits>
inline constexpr bool owns_data<std::basic_string_view<C, Traits>> = false;
template <class T, std::size_t N>
inline constexpr bool owns_data<std::span<T, N>> = false;
template <class T>
inline constexpr bool owns_data<std::reference_wrapper<T>> = false;
template <class T>
inline constexpr bool owns_data<std::initializer_list<T>> = false;

}  // namespace clutch::detail
