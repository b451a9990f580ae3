// Codecs of the standard containers: sequences, sets, pairs and tuples cross as arrays, maps as maps.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "clutch/codec/scalars.hpp"

namespace clutch {

namespace detail {

// What a peer declares is not what it sends: no more than this is set aside before items arrive.
inline constexpr std::size_t reserved_bytes_max = 1u << 20;

template <class T>
constexpr std::size_t reserve_for(std::size_t declared) {
  return std::min(declared, reserved_bytes_max / sizeof(T));
}

template <class C>
struct SequenceCodec {
  using T = typename C::value_type;
  static void write(Writer& writer, const C& values) {
    auto items = writer.array(values.size());
    for (const T& value : values) items.add(value);
  }
  static C read(Reader& reader) {
    auto items = reader.array();
    C values;
    if constexpr (requires { values.reserve(0); }) values.reserve(reserve_for<T>(items.size()));
    while (items.more()) values.push_back(items.template next<T>());
    return values;
  }
};

/// Sets cross as arrays; what comes twice is there once.
template <class C>
struct SetCodec {
  using T = typename C::value_type;
  static void write(Writer& writer, const C& values) {
    auto items = writer.array(values.size());
    for (const T& value : values) items.add(value);
  }
  static C read(Reader& reader) {
    auto items = reader.array();
    C values;
    while (items.more()) values.insert(items.template next<T>());
    return values;
  }
};

/// A key that comes twice is refused.
template <class C>
struct MapCodec {
  using K = typename C::key_type;
  using V = typename C::mapped_type;
  static void write(Writer& writer, const C& values) {
    auto pairs = writer.map(values.size());
    for (const auto& [key, value] : values) pairs.add(key, value);
  }
  static C read(Reader& reader) {
    auto pairs = reader.map();
    C values;
    while (pairs.more()) {
      K key = pairs.template key<K>();
      const auto [at, inserted] = values.try_emplace(std::move(key));
      if (!inserted) pairs.fail_with("a key that comes twice");
      at->second = pairs.template value<V>();
    }
    return values;
  }
};

template <class T>
struct TupleCodec {
  static void write(Writer& writer, const T& values) {
    auto items = writer.array(std::tuple_size_v<T>);
    std::apply([&](const auto&... value) { (items.add(value), ...); }, values);
  }
  static T read(Reader& reader) { return read(reader, std::make_index_sequence<std::tuple_size_v<T>>()); }

 private:
  template <std::size_t... I>
  static T read(Reader& reader, std::index_sequence<I...>) {
    auto items = reader.array(sizeof...(I));
    return T{items.template next<std::tuple_element_t<I, T>>()...};  // braces: evaluated in order
  }
};

}  // namespace detail

template <class T, class A>
struct Codec<std::vector<T, A>> : detail::SequenceCodec<std::vector<T, A>> {};
template <class A>
struct Codec<std::vector<bool, A>> {
  using Vector = std::vector<bool, A>;
  static void write(Writer& writer, const Vector& values) {
    auto items = writer.array(values.size());
    for (const bool value : values) items.add(value);
  }
  static Vector read(Reader& reader) { return detail::SequenceCodec<Vector>::read(reader); }
};
template <class T, class A>
struct Codec<std::deque<T, A>> : detail::SequenceCodec<std::deque<T, A>> {};
template <class T, class A>
struct Codec<std::list<T, A>> : detail::SequenceCodec<std::list<T, A>> {};

template <class T, class L, class A>
struct Codec<std::set<T, L, A>> : detail::SetCodec<std::set<T, L, A>> {};
template <class T, class H, class E, class A>
struct Codec<std::unordered_set<T, H, E, A>> : detail::SetCodec<std::unordered_set<T, H, E, A>> {};

template <class K, class V, class L, class A>
struct Codec<std::map<K, V, L, A>> : detail::MapCodec<std::map<K, V, L, A>> {};
template <class K, class V, class H, class E, class A>
struct Codec<std::unordered_map<K, V, H, E, A>> : detail::MapCodec<std::unordered_map<K, V, H, E, A>> {};

template <class A, class B>
struct Codec<std::pair<A, B>> : detail::TupleCodec<std::pair<A, B>> {};
template <class... T>
struct Codec<std::tuple<T...>> : detail::TupleCodec<std::tuple<T...>> {};
template <>
struct Codec<std::tuple<>> {
  static void write(Writer& writer, const std::tuple<>&) { static_cast<void>(writer.array(0)); }
  static std::tuple<> read(Reader& reader) {
    static_cast<void>(reader.array(0));
    return {};
  }
};
template <class T, std::size_t N>
struct Codec<std::array<T, N>> : detail::TupleCodec<std::array<T, N>> {};

/// Bytes of exactly this length.
template <std::size_t N>
struct Codec<std::array<std::byte, N>> {
  static void write(Writer& writer, const std::array<std::byte, N>& bytes) { writer.binary(bytes); }
  static std::array<std::byte, N> read(Reader& reader) {
    const auto bytes = reader.binary();
    if (bytes.size() != N) reader.fail_with("bytes of another length than " + std::to_string(N));
    std::array<std::byte, N> out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
  }
};

/// An argument only: an array.
template <class T, std::size_t N>
requires(!std::same_as<std::remove_const_t<T>, std::byte>) struct Codec<std::span<T, N>> {
  static void write(Writer& writer, const std::span<T, N>& values) {
    auto items = writer.array(values.size());
    for (const auto& value : values) items.add(value);
  }
};

}  // namespace clutch
