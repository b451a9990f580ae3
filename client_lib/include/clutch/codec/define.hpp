// CLUTCH_DEFINE(Type, field, …): a struct crosses as a map of field names, as a dataclass or msgspec.Struct does in
// Python. CLUTCH_ENUM(Type, name, …): an enum crosses as the name of its value.
//
//   namespace shop {
//   struct Order { std::string id; std::vector<Item> items; std::optional<double> discount; };
//   CLUTCH_DEFINE(Order, id, items, discount)
//   enum class Colour { red, green };
//   CLUTCH_ENUM(Colour, red, green)
//   }
//
// Both stand after the type, in its namespace, outside of any class; at most 256 names. The type can be made without
// arguments. Reading: unknown keys are ignored; a missing key is an error, except for an optional, which keeps what the
// type's own initialiser gave it; a key that comes twice is an error.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "clutch/codec/scalars.hpp"

#define CLUTCH_DEFINE(Type, ...)                                               \
  [[maybe_unused]] inline constexpr auto clutch_fields(const Type*) noexcept { \
    return ::std::make_tuple(CLUTCH_EACH_(CLUTCH_FIELD_, Type, __VA_ARGS__));  \
  }
#define CLUTCH_ENUM(Type, ...)                                                      \
  [[maybe_unused]] inline constexpr auto clutch_enumerators(const Type*) noexcept { \
    return ::std::array{CLUTCH_EACH_(CLUTCH_ENUMERATOR_, Type, __VA_ARGS__)};       \
  }

#define CLUTCH_FIELD_(Type, name) ::clutch::detail::make_field(#name, &Type::name)
#define CLUTCH_ENUMERATOR_(Type, name) \
  ::clutch::detail::Enumerator<Type> { #name, Type::name }

// One macro for each name: __VA_OPT__ stops the recursion, the nested scans below make it go on for 256 names.
#define CLUTCH_EACH_(macro, Type, ...) __VA_OPT__(CLUTCH_SCAN_(CLUTCH_NEXT_(macro, Type, __VA_ARGS__)))
#define CLUTCH_NEXT_(macro, Type, name, ...) \
  macro(Type, name) __VA_OPT__(, CLUTCH_AGAIN_ CLUTCH_PARENTHESES_(macro, Type, __VA_ARGS__))
#define CLUTCH_AGAIN_() CLUTCH_NEXT_
#define CLUTCH_PARENTHESES_ ()
#define CLUTCH_SCAN_(...) CLUTCH_SCAN1_(CLUTCH_SCAN1_(CLUTCH_SCAN1_(CLUTCH_SCAN1_(__VA_ARGS__))))
#define CLUTCH_SCAN1_(...) CLUTCH_SCAN2_(CLUTCH_SCAN2_(CLUTCH_SCAN2_(CLUTCH_SCAN2_(__VA_ARGS__))))
#define CLUTCH_SCAN2_(...) CLUTCH_SCAN3_(CLUTCH_SCAN3_(CLUTCH_SCAN3_(CLUTCH_SCAN3_(__VA_ARGS__))))
#define CLUTCH_SCAN3_(...) CLUTCH_SCAN4_(CLUTCH_SCAN4_(CLUTCH_SCAN4_(CLUTCH_SCAN4_(__VA_ARGS__))))
#define CLUTCH_SCAN4_(...) __VA_ARGS__

namespace clutch {

namespace detail {

template <class Class, class Member>
struct Field {
  using type = Member;
  std::string_view name;
  Member Class::*member;
};
template <class Class, class Member>
constexpr Field<Class, Member> make_field(std::string_view name, Member Class::*member) {
  return {name, member};
}

template <class T>
struct Enumerator {
  std::string_view name;
  T value;
};

template <class T>
concept HasFields = std::is_class_v<T> && requires {
  clutch_fields(static_cast<const T*>(nullptr));
};
template <class T>
concept HasEnumerators = enumeration<T> && requires {
  clutch_enumerators(static_cast<const T*>(nullptr));
};

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

}  // namespace detail

template <detail::HasFields T>
struct Codec<T> {
  static void write(Writer& writer, const T& value) {
    auto pairs = writer.map(count);
    std::apply([&](const auto&... field) { (pairs.add(field.name, value.*field.member), ...); }, fields());
  }
  static T read(Reader& reader) {
    static_assert(std::is_default_constructible_v<T>,
                  "clutch: a CLUTCH_DEFINE type that is read needs a default constructor");
    T out{};
    std::array<bool, count> seen{};
    auto pairs = reader.map();
    while (pairs.more()) {
      std::string_view key;
      if (!pairs.text_key(key) || !read_field(pairs, key, out, seen, Indexes())) pairs.skip_value();
    }
    check_missing(pairs, seen, Indexes());
    return out;
  }

 private:
  static constexpr auto fields() { return clutch_fields(static_cast<const T*>(nullptr)); }
  static constexpr std::size_t count = std::tuple_size_v<decltype(fields())>;
  using Indexes = std::make_index_sequence<count>;

  template <std::size_t... I>
  static bool read_field([[maybe_unused]] Reader::Map& pairs, [[maybe_unused]] std::string_view key,
                         [[maybe_unused]] T& out, [[maybe_unused]] std::array<bool, count>& seen,
                         std::index_sequence<I...>) {
    return ((key == std::get<I>(fields()).name && (assign<I>(pairs, out, seen), true)) || ...);
  }

  template <std::size_t I>
  static void assign(Reader::Map& pairs, T& out, std::array<bool, count>& seen) {
    constexpr auto field = std::get<I>(fields());
    if (seen[I]) pairs.fail_with("the key '" + std::string(field.name) + "' twice");
    seen[I] = true;
    out.*field.member = pairs.template value<typename decltype(field)::type>();
  }

  template <std::size_t... I>
  static void check_missing([[maybe_unused]] Reader::Map& pairs, [[maybe_unused]] const std::array<bool, count>& seen,
                            std::index_sequence<I...>) {
    (
        [&] {
          constexpr auto field = std::get<I>(fields());
          if (!seen[I] && !detail::is_optional<typename decltype(field)::type>) {
            pairs.fail_with("missing key '" + std::string(field.name) + "'");
          }
        }(),
        ...);
  }
};

template <detail::HasEnumerators T>
struct Codec<T> {
  static void write(Writer& writer, const T& value) {
    for (const auto& enumerator : enumerators()) {
      if (enumerator.value == value) return writer.string(enumerator.name);
    }
    writer.fail("a value of the enum that has a name");
  }
  static T read(Reader& reader) {
    const std::string_view name = reader.string();
    for (const auto& enumerator : enumerators()) {
      if (enumerator.name == name) return enumerator.value;
    }
    reader.fail_with("expected one of " + names() + ", got another string");
  }

 private:
  static constexpr auto enumerators() { return clutch_enumerators(static_cast<const T*>(nullptr)); }
  static std::string names() {
    std::string text;
    for (const auto& enumerator : enumerators()) {
      text.append(text.empty() ? "'" : ", '").append(enumerator.name).append("'");
    }
    return text;
  }
};

}  // namespace clutch
