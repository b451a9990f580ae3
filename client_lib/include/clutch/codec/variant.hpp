// std::variant: the first alternative that fits what came, in the order in which they are written. A double fits an
// integer too, so write variant<int, double>, not the other way round; an integer fits where its width does.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>

#include "clutch/codec/define.hpp"
#include "clutch/codec/scalars.hpp"

namespace clutch {

namespace detail {

// Whether what begins with this head may be a T: spares an exception for each alternative that it plainly is not.
template <class T>
struct Fits {
  static bool head(const protocol::Head& head) {
    using protocol::Type;
    const bool is_integer = head.type == Type::positive || head.type == Type::negative;
    if constexpr (std::same_as<T, std::monostate>) return head.type == Type::nil;
    if constexpr (std::same_as<T, bool>) return head.type == Type::boolean;
    if constexpr (integer<T>) return is_integer;
    if constexpr (std::floating_point<T>) return is_integer || head.type == Type::real;
    if constexpr (one_of<T, std::string>) return head.type == Type::string;
    if constexpr (one_of<T, Bytes, std::vector<std::byte>>) return head.type == Type::binary;
    if constexpr (HasFields<T>) return head.type == Type::map;
    return true;
  }
};
template <class T>
struct Fits<std::optional<T>> {
  static bool head(const protocol::Head& head) { return head.type == protocol::Type::nil || Fits<T>::head(head); }
};

}  // namespace detail

template <class... T>
struct Codec<std::variant<T...>> {
  using Variant = std::variant<T...>;

  static void write(Writer& writer, const Variant& value) {
    std::visit([&](const auto& alternative) { writer.value(alternative); }, value);
  }
  static Variant read(Reader& reader) {
    const protocol::Head head = reader.peek();
    std::optional<Variant> out;
    std::optional<CodecError> why;
    static_cast<void>((attempt<T>(reader, head, out, why) || ...));
    if (out.has_value()) return std::move(*out);
    if (why.has_value()) throw CodecError(*why);  // of the last that its head allowed
    reader.fail("one of " + std::to_string(sizeof...(T)) + " alternatives");
  }

 private:
  template <class U>
  static bool attempt(Reader& reader, const protocol::Head& head, std::optional<Variant>& out,
                      std::optional<CodecError>& why) {
    if (!detail::Fits<U>::head(head)) return false;
    const auto mark = reader.mark();
    try {
      out.emplace(std::in_place_type<U>, reader.value<U>());
      return true;
    } catch (const CodecError& error) {
      why.emplace(error);
      reader.rewind(mark);
      return false;
    }
  }
};

}  // namespace clutch
