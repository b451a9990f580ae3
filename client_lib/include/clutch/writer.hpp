// clutch::Writer: what a Codec<T>::write writes to. It checks what the protocol demands of values (UTF-8, depth, number
// of elements, kinds of keys) and throws CodecError, which becomes that call's error. One thread at a time.
//
//   template <> struct clutch::Codec<Point> {
//     static void write(Writer& writer, const Point& p) {
//       auto items = writer.array(2);
//       items.add(p.x);
//       items.add(p.y);
//     }
//     …
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "clutch/detail/path.hpp"
#include "clutch/protocol/writer.hpp"

namespace clutch {

namespace detail {
class ArgumentWriter;
}

/// How a T crosses: `static void write(Writer&, const T&)` and `static T read(Reader&)`. Specialise it for a type of
/// your own, or use CLUTCH_DEFINE. A type without one is refused at compile time.
template <class T>
struct Codec {};

class Writer {
 public:
  class Array;
  class Map;

  Writer() = default;

  void nil() { out_.nil(); }
  void boolean(bool value) { out_.boolean(value); }
  void integer(std::int64_t value) { out_.integer(value); }
  void uint(std::uint64_t value) { out_.uint(value); }
  void real(double value);
  void string(std::string_view text);  ///< throws CodecError unless it is UTF-8
  void binary(std::span<const std::byte> bytes) { out_.binary(bytes); }
  /// Seconds since 1970 (UTC) and 0 … 999,999,999 nanoseconds.
  void timestamp(std::int64_t seconds, std::uint32_t nanoseconds) { out_.timestamp(seconds, nanoseconds); }
  /// `elements` calls of add() follow on what it returns; another number throws misuse.
  [[nodiscard]] Array array(std::size_t elements);
  [[nodiscard]] Map map(std::size_t pairs);
  /// By Codec<T>.
  template <class T>
  void value(const T& value);

  /// "expected <expected> at $.a[3]"
  [[noreturn]] void fail(std::string_view expected) const;
  /// "<message> at $.a[3]"
  [[noreturn]] void fail_with(std::string_view message) const { path_.fail(message); }

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return out_.bytes(); }
  [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
  [[nodiscard]] Blob blob() const { return out_.blob(); }
  void clear() noexcept { out_.clear(); }

 private:
  friend class detail::ArgumentWriter;
  void check_key(std::size_t start) const;

  protocol::Writer out_;
  detail::Path path_;
};

/// An array under way. Finish it before writing anything else.
class Writer::Array {
 public:
  template <class T>
  void add(const T& item) {
    level_.at_index(added_++);
    writer_.value(item);
  }
  ~Array() noexcept(false);

 private:
  friend Writer;
  Array(Writer& writer, std::size_t elements);

  Writer& writer_;
  detail::Path::Level level_;
  std::size_t declared_;
  std::size_t added_ = 0;
  int unwinding_;
};

/// A map under way. Keys must differ: a duplicate is refused where it arrives.
class Writer::Map {
 public:
  template <class K, class V>
  void add(const K& key, const V& value) {
    write_key(key);
    writer_.value(value);
  }
  ~Map() noexcept(false);

 private:
  friend Writer;
  Map(Writer& writer, std::size_t pairs);

  template <class K>
  void write_key(const K& key) {
    ++added_;
    level_.at_itself();
    const std::size_t start = writer_.size();
    writer_.value(key);
    writer_.check_key(start);
    if constexpr (std::is_convertible_v<const K&, std::string_view>) {
      level_.at_key(key);
    } else if constexpr (std::is_integral_v<K>) {
      level_.at_number(static_cast<std::uint64_t>(key));
    }
  }

  Writer& writer_;
  detail::Path::Level level_;
  std::size_t declared_;
  std::size_t added_ = 0;
  int unwinding_;
};

inline Writer::Array Writer::array(std::size_t elements) { return {*this, elements}; }
inline Writer::Map Writer::map(std::size_t pairs) { return {*this, pairs}; }

template <class T>
concept Writable = requires(Writer& writer, const T& value) {
  Codec<T>::write(writer, value);
};

template <class T>
void Writer::value(const T& value) {
  static_assert(Writable<T>,
                "clutch: this type does not cross: there is no clutch::Codec<T>::write for it (CLUTCH_DEFINE makes one "
                "for a struct, CLUTCH_ENUM for an enum; or specialise clutch::Codec)");
  Codec<T>::write(*this, value);
}
template <>
inline void Writer::value<std::string_view>(const std::string_view& text) {
  string(text);
}

}  // namespace clutch
