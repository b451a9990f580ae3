// Codecs of single values: bool, integers, floats, strings, bytes, nil, optional, enums by number.
// Integers are checked against their width; a float accepts an integer, an integer no float; char has no codec.
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "clutch/bytes.hpp"
#include "clutch/reader.hpp"
#include "clutch/writer.hpp"

namespace clutch {

namespace detail {

template <class T, class... U>
concept one_of = (std::same_as<T, U> || ...);

template <class T>
concept integer = std::integral<T> && !one_of<std::remove_cv_t<T>, bool, char, wchar_t, char8_t, char16_t, char32_t>;

template <class T>
concept enumeration = std::is_enum_v<T>;

}  // namespace detail

template <>
struct Codec<bool> {
  static void write(Writer& writer, const bool& value) { writer.boolean(value); }
  static bool read(Reader& reader) { return reader.boolean(); }
};

template <detail::integer T>
struct Codec<T> {
  static void write(Writer& writer, const T& value) {
    if constexpr (std::is_signed_v<T>) {
      writer.integer(value);
    } else {
      writer.uint(value);
    }
  }
  static T read(Reader& reader) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>) {
      return static_cast<T>(reader.integer(Limits::min(), Limits::max()));
    } else {
      return static_cast<T>(reader.uint(Limits::max()));
    }
  }
};

template <>
struct Codec<double> {
  static void write(Writer& writer, const double& value) { writer.real(value); }
  static double read(Reader& reader) { return reader.real(); }
};

template <>
struct Codec<float> {
  static void write(Writer& writer, const float& value) { writer.real(static_cast<double>(value)); }
  /// Rounds to the nearest float; what is finite and beyond a float's range is refused.
  static float read(Reader& reader);
};

template <>
struct Codec<std::string> {
  static void write(Writer& writer, const std::string& text) { writer.string(text); }
  static std::string read(Reader& reader) { return std::string(reader.string()); }
};

template <>
struct Codec<Bytes> {
  static void write(Writer& writer, const Bytes& bytes) { writer.binary(bytes.span()); }
  static Bytes read(Reader& reader) { return reader.bytes(); }
};

template <class Allocator>
struct Codec<std::vector<std::byte, Allocator>> {
  using Vector = std::vector<std::byte, Allocator>;
  static void write(Writer& writer, const Vector& bytes) { writer.binary(bytes); }
  static Vector read(Reader& reader) {
    const auto bytes = reader.binary();
    return Vector(bytes.begin(), bytes.end());
  }
};

/// nil.
template <>
struct Codec<std::monostate> {
  static void write(Writer& writer, const std::monostate&) { writer.nil(); }
  static std::monostate read(Reader& reader) {
    reader.nil();
    return {};
  }
};

/// nil, or a T. (An optional of an optional crosses as one.)
template <class T>
struct Codec<std::optional<T>> {
  static void write(Writer& writer, const std::optional<T>& value) {
    if (value.has_value()) {
      writer.value(*value);
    } else {
      writer.nil();
    }
  }
  static std::optional<T> read(Reader& reader) {
    if (reader.peek().type != protocol::Type::nil) return reader.value<T>();
    reader.nil();
    return std::nullopt;
  }
};

/// An enum crosses as its number, and whatever number its underlying type holds comes back: CLUTCH_ENUM gives it
/// names, which cross as strings and are checked.
template <detail::enumeration T>
struct Codec<T> {
  using Number = std::underlying_type_t<T>;
  static void write(Writer& writer, const T& value) { writer.value(static_cast<Number>(value)); }
  static T read(Reader& reader) { return static_cast<T>(reader.value<Number>()); }
};

// Arguments only: they do not own what they show, so no result can be one.

template <>
struct Codec<std::string_view> {
  static void write(Writer& writer, const std::string_view& text) { writer.string(text); }
};

template <class T>
requires detail::one_of<T, const char*, char*>
struct Codec<T> {
  static void write(Writer& writer, const T& text) {
    if (text == nullptr) writer.fail("a string, got a null pointer");
    writer.string(text);
  }
};

template <std::size_t N>
struct Codec<char[N]> {
  static void write(Writer& writer, const char (&text)[N]) { writer.string(text); }
};

template <class T>
requires detail::one_of<T, std::span<const std::byte>, std::span<std::byte>>
struct Codec<T> {
  static void write(Writer& writer, const T& bytes) { writer.binary(bytes); }
};

template <class T>
requires detail::one_of<T, std::nullptr_t, std::nullopt_t>
struct Codec<T> {
  static void write(Writer& writer, const T&) { writer.nil(); }
};

}  // namespace clutch
