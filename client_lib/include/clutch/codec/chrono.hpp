// Codecs of time. A time point of the system clock is a timestamp: an aware datetime in Python, which keeps
// microseconds. A duration is ISO 8601 text, "PT1.5S": what Python's msgspec makes of a timedelta and reads into a
// parameter annotated `timedelta` (it refuses numbers there); a parameter without annotation gets the text. Reading
// takes that text (days, hours, minutes, seconds) or a number of seconds. Both keep nanoseconds on the wire.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>

#include "clutch/codec/scalars.hpp"

namespace clutch {

namespace detail {

// Of nanoseconds: what no duration of the standard library overflows.
__extension__ typedef __int128 Int128;

/// Throws CodecError where whole seconds go beyond an int64.
void write_duration(Writer& writer, Int128 nanoseconds);
[[nodiscard]] Int128 read_duration(Reader& reader);
void write_timestamp(Writer& writer, Int128 nanoseconds);
[[nodiscard]] Int128 read_timestamp(Reader& reader);

template <class Period>
using NanosecondsEach = std::ratio_multiply<Period, std::giga>;  // num / den

template <class Rep, class Period>
Int128 to_nanoseconds(Writer& writer, const std::chrono::duration<Rep, Period>& duration) {
  using Each = NanosecondsEach<Period>;
  if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
    const long double exact = static_cast<long double>(duration.count()) * Each::num / Each::den;
    if (!(exact > -1e27L && exact < 1e27L)) writer.fail("a finite time");
    return static_cast<Int128>(exact + (exact < 0 ? -0.5L : 0.5L));
  } else {
    const Int128 scaled = Int128{duration.count()} * Each::num;
    return scaled / Each::den - (scaled % Each::den < 0 ? 1 : 0);
  }
}

template <class Duration>
Duration from_nanoseconds(const Reader& reader, Int128 nanoseconds) {
  using Rep = typename Duration::rep;
  using Each = NanosecondsEach<typename Duration::period>;
  if constexpr (std::chrono::treat_as_floating_point_v<Rep>) {
    return Duration(static_cast<Rep>(static_cast<long double>(nanoseconds) * Each::den / Each::num));
  } else {
    const Int128 scaled = nanoseconds * Each::den;
    const Int128 count = scaled / Each::num - (scaled % Each::num < 0 ? 1 : 0);
    using Limits = std::numeric_limits<Rep>;
    if (count < Int128{Limits::min()} || count > Int128{Limits::max()}) reader.fail_with("a time out of range");
    return Duration(static_cast<Rep>(count));
  }
}

}  // namespace detail

/// Reading rounds down to its unit; what is out of its range is refused.
template <class Rep, class Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static void write(Writer& writer, const Duration& duration) {
    detail::write_duration(writer, detail::to_nanoseconds(writer, duration));
  }
  static Duration read(Reader& reader) {
    return detail::from_nanoseconds<Duration>(reader, detail::read_duration(reader));
  }
};

/// Time points of other clocks mean nothing to another process and have no codec.
template <class Duration>
struct Codec<std::chrono::time_point<std::chrono::system_clock, Duration>> {
  using Point = std::chrono::time_point<std::chrono::system_clock, Duration>;
  static void write(Writer& writer, const Point& point) {
    detail::write_timestamp(writer, detail::to_nanoseconds(writer, point.time_since_epoch()));
  }
  static Point read(Reader& reader) {
    return Point(detail::from_nanoseconds<Duration>(reader, detail::read_timestamp(reader)));
  }
};

template <>
struct Codec<Timestamp> {
  static void write(Writer& writer, const Timestamp& value) { writer.timestamp(value.seconds, value.nanoseconds); }
  static Timestamp read(Reader& reader) { return reader.timestamp(); }
};

}  // namespace clutch
