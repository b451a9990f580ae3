// clutch::Value: any value that crosses, for what is not known at compile time. An owning, ordinary value type; the
// Bytes in it share the received frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "clutch/codec/chrono.hpp"
#include "clutch/codec/scalars.hpp"
#include "clutch/result.hpp"

namespace clutch {

class Value {
 public:
  using Array = std::vector<Value>;
  using Map = std::vector<std::pair<Value, Value>>;  ///< in the order in which it came; a key occurs once
  /// An integer is a uint64 only where it is beyond an int64, so that equal integers are equal values.
  using Any = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Bytes, Array, Map,
                           Timestamp>;

  Value() noexcept = default;  ///< nil
  Value(std::nullptr_t) noexcept {}
  Value(bool value) noexcept : any_(value) {}
  template <detail::integer T>
  Value(T value) noexcept {
    if (std::is_signed_v<T> || static_cast<std::uint64_t>(value) <= INT64_MAX) {
      any_ = static_cast<std::int64_t>(value);
    } else {
      any_ = static_cast<std::uint64_t>(value);
    }
  }
  Value(double value) noexcept : any_(value) {}
  Value(const char* text) : any_(std::string(text)) {}
  Value(std::string_view text) : any_(std::string(text)) {}
  Value(std::string text) noexcept : any_(std::move(text)) {}
  Value(Bytes bytes) noexcept : any_(std::move(bytes)) {}
  Value(Array items) noexcept : any_(std::move(items)) {}
  Value(Map pairs) noexcept : any_(std::move(pairs)) {}
  Value(Timestamp time) noexcept : any_(time) {}
  template <class T>
  Value(T*) = delete;  // a pointer would become a bool

  [[nodiscard]] static Value array(std::initializer_list<Value> items) { return Array(items); }
  [[nodiscard]] static Value map(std::initializer_list<std::pair<Value, Value>> pairs) { return Map(pairs); }

  [[nodiscard]] bool is_nil() const noexcept { return any_.index() == 0; }
  template <class T>
  [[nodiscard]] bool is() const noexcept {
    return std::holds_alternative<T>(any_);
  }
  /// What it holds if that is a T, one of the alternatives of Any; else null. Valid while this value is unchanged.
  template <class T>
  [[nodiscard]] const T* get_if() const noexcept {
    return std::get_if<T>(&any_);
  }
  template <class T>
  [[nodiscard]] T* get_if() noexcept {
    return std::get_if<T>(&any_);
  }
  [[nodiscard]] const Any& any() const noexcept { return any_; }

  /// Number of items or pairs; 0 for anything else.
  [[nodiscard]] std::size_t size() const noexcept;
  /// The item of an array, or null.
  [[nodiscard]] const Value* at(std::size_t index) const noexcept;
  /// The value at a string key of a map, or null.
  [[nodiscard]] const Value* find(std::string_view key) const noexcept;

  /// As a T, by Codec<T>, as if it had come as a result: an Error says what did not fit, and where.
  template <class T>
  [[nodiscard]] Result<T> to() const;

  /// Maps are equal if they hold equal pairs in the same order.
  friend bool operator==(const Value& a, const Value& b) { return a.any_ == b.any_; }

 private:
  Any any_;
};

template <>
struct Codec<Value> {
  /// Refuses a map in which a key occurs twice, or is an array or a map.
  static void write(Writer& writer, const Value& value);
  static Value read(Reader& reader);
};

namespace detail {
[[nodiscard]] Error result_error(const char* what);
}

template <class T>
Result<T> Value::to() const {
  try {
    Writer writer;
    writer.value(*this);
    Reader reader(writer.bytes());
    return reader.value<T>();
  } catch (const CodecError& error) {
    return detail::result_error(error.what());
  }
}

}  // namespace clutch
