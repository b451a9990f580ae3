// clutch::Reader: what a Codec<T>::read reads from: one MessagePack value and the payload frames beside it. It trusts
// nothing it reads, knows the path ($.items[3].price), and throws CodecError where the value does not fit.
// The bytes and frames must outlive it. One thread at a time.
//
//   template <> struct clutch::Codec<Point> {
//     static Point read(Reader& reader) {
//       auto items = reader.array(2);
//       const int x = items.next<int>();
//       return {x, items.next<int>()};
//     }
//     …
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "clutch/bytes.hpp"
#include "clutch/detail/owning.hpp"
#include "clutch/detail/path.hpp"
#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/payload.hpp"
#include "clutch/writer.hpp"

namespace clutch {

namespace detail {
class ItemsReader;
}

/// A point in time as it crosses: seconds since 1970 (UTC, may be negative) and 0 … 999,999,999 nanoseconds.
struct Timestamp {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;

  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

class Reader {
 public:
  class Array;
  class Map;

  explicit Reader(std::span<const std::byte> value, const PayloadFrames* frames = nullptr) noexcept
      : cursor_(value), frames_(frames != nullptr && !frames->empty() ? frames : nullptr) {}

  /// The head of what comes next, without moving.
  [[nodiscard]] protocol::Head peek() const;

  // One value of one type; throws CodecError for any other.
  void nil();
  [[nodiscard]] bool boolean();
  [[nodiscard]] std::int64_t integer(std::int64_t min, std::int64_t max);
  [[nodiscard]] std::uint64_t uint(std::uint64_t max = UINT64_MAX);
  [[nodiscard]] double real();                        ///< integers too
  [[nodiscard]] std::string_view string();            ///< a view of the bytes read; valid UTF-8
  [[nodiscard]] Bytes bytes();                        ///< shares a payload frame, copies what is inside the body
  [[nodiscard]] std::span<const std::byte> binary();  ///< a view of the body or of a frame
  [[nodiscard]] Timestamp timestamp();
  [[nodiscard]] Array array();                   ///< of any length
  [[nodiscard]] Array array(std::size_t exact);  ///< of this length
  [[nodiscard]] Map map();
  void skip();  ///< one value of any type

  /// By Codec<T>.
  template <class T>
  [[nodiscard]] T value();

  /// A place to go back to, within the same array or map.
  struct Mark {
    protocol::Cursor cursor;
    std::size_t elements;
  };
  [[nodiscard]] Mark mark() const noexcept { return {cursor_, path_.elements()}; }
  void rewind(const Mark& mark) noexcept {
    cursor_ = mark.cursor;
    path_.set_elements(mark.elements);
  }
  /// What is still to be read.
  [[nodiscard]] std::span<const std::byte> rest() const noexcept { return cursor_.rest(); }

  /// Throws CodecError: "expected <expected>, got <what comes next> at $.a[3]".
  [[noreturn]] void fail(std::string_view expected) const;
  /// Throws CodecError: "<message> at $.a[3]".
  [[noreturn]] void fail_with(std::string_view message) const { path_.fail(message); }
  /// Throws CodecError unless everything was read.
  void finish() const;

 private:
  friend class detail::ItemsReader;
  static constexpr std::uint32_t no_item = UINT32_MAX;

  protocol::Head next();
  [[noreturn]] void fail(std::string_view expected, const protocol::Head& got) const;
  [[nodiscard]] const Bytes* frame_here() const noexcept;

  protocol::Cursor cursor_;
  const PayloadFrames* frames_;
  detail::Path path_;
  std::uint32_t item_ = no_item;  // of a stream's batch: the path begins there
};

/// An array under way. Items that are not asked for are skipped when it goes.
class Reader::Array {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool more() const noexcept { return read_ < size_; }
  template <class T>
  [[nodiscard]] T next() {
    advance();
    return reader_.value<T>();
  }
  ~Array();

 private:
  friend Reader;
  Array(Reader& reader, std::size_t size) : reader_(reader), level_(reader.path_, size), size_(size) {}
  void advance();

  Reader& reader_;
  detail::Path::Level level_;
  std::size_t size_;
  std::size_t read_ = 0;
};

/// A map under way: key() and value() (or skip_value()) in turns. Pairs that are not asked for are skipped when it
/// goes.
class Reader::Map {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool more() const noexcept { return read_ < size_; }
  template <class K>
  [[nodiscard]] K key() {
    before_key();
    return reader_.value<K>();
  }
  /// A key if it is a string; any other is stepped over and gives an empty view and false.
  [[nodiscard]] bool text_key(std::string_view& key);
  template <class V>
  [[nodiscard]] V value() {
    ++read_;
    in_value_ = false;
    return reader_.value<V>();
  }
  void skip_value();
  /// Throws CodecError about the map itself: "<message> at $.a".
  [[noreturn]] void fail_with(std::string_view message);
  ~Map();

 private:
  friend Reader;
  Map(Reader& reader, std::size_t size) : reader_(reader), level_(reader.path_, size), size_(size) {}
  void before_key();

  Reader& reader_;
  detail::Path::Level level_;
  std::size_t size_;
  std::size_t read_ = 0;
  bool in_value_ = false;
};

template <class T>
concept Readable = requires(Reader& reader) {
  { Codec<T>::read(reader) } -> std::same_as<T>;
};

template <class T>
T Reader::value() {
  static_assert(detail::owns_data<T>, CLUTCH_OWNING_MESSAGE);
  static_assert(!detail::owns_data<T> || Readable<T>,
                "clutch: this type does not cross: there is no clutch::Codec<T>::read for it (CLUTCH_DEFINE makes one "
                "for a struct, CLUTCH_ENUM for an enum; or specialise clutch::Codec)");
  if constexpr (detail::owns_data<T> && Readable<T>) return Codec<T>::read(*this);
}

}  // namespace clutch
