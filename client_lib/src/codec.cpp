#include <charconv>
#include <cmath>
#include <limits>

#include "clutch/codec/chrono.hpp"
#include "clutch/codec/scalars.hpp"

namespace clutch {
namespace detail {
namespace {

constexpr Int128 second = 1'000'000'000;
constexpr std::int64_t seconds_a_minute = 60;
constexpr std::int64_t seconds_an_hour = 3600;
constexpr std::int64_t seconds_a_day = 86'400;

std::int64_t whole_seconds(Writer& writer, Int128 nanoseconds) {
  const Int128 seconds = nanoseconds / second - (nanoseconds % second < 0 ? 1 : 0);
  if (seconds < Int128{INT64_MIN} || seconds > Int128{INT64_MAX}) writer.fail("a time within 2^63 seconds");
  return static_cast<std::int64_t>(seconds);
}

// Appends ".5" for 500,000,000.
void append_fraction(std::string& text, std::uint64_t nanoseconds) {
  if (nanoseconds == 0) return;
  std::string digits = std::to_string(nanoseconds);
  digits.insert(0, 9 - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  text.append(1, '.').append(digits);
}

// [-+]P[nD][T[nH][nM][n[.n]S]]: what msgspec writes and reads, weeks, months and years being left out.
class DurationText {
 public:
  explicit DurationText(std::string_view text) : rest_(text) {}

  bool parse(Int128& out) {
    const bool negative = take('-');
    if (!negative) static_cast<void>(take('+'));
    if (!take('P')) return false;
    bool any = false;
    if (!parts("D", any)) return false;
    if (take('T')) {
      any = false;
      if (!parts("HMS", any)) return false;
    }
    out = negative ? -sum_ : sum_;
    return any && rest_.empty();
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  static std::int64_t seconds_of(char unit) {
    switch (unit) {
      case 'D':
        return seconds_a_day;
      case 'H':
        return seconds_an_hour;
      case 'M':
        return seconds_a_minute;
      default:
        return 1;
    }
  }

  bool parts(std::string_view units, bool& any) {
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      std::uint64_t whole = 0;
      std::uint64_t nanoseconds = 0;
      if (!number(whole) || (take('.') && !fraction(nanoseconds)) || rest_.empty()) return false;
      const auto unit = units.find(rest_.front());
      if (unit == std::string_view::npos) return false;
      const Int128 each = seconds_of(rest_.front());
      rest_.remove_prefix(1);
      units.remove_prefix(unit + 1);
      sum_ += each * (Int128{whole} * second + nanoseconds);
      any = true;
    }
    return true;
  }

  bool number(std::uint64_t& out) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }

  bool fraction(std::uint64_t& nanoseconds) {
    std::uint64_t weight = 100'000'000;
    bool any = false;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1)) {
      nanoseconds += weight * static_cast<std::uint64_t>(rest_.front() - '0');
      weight /= 10;
      any = true;
    }
    return any;
  }

  std::string_view rest_;
  Int128 sum_ = 0;
};

}  // namespace

void write_duration(Writer& writer, Int128 nanoseconds) {
  static_cast<void>(whole_seconds(writer, nanoseconds));
  const Int128 magnitude = nanoseconds < 0 ? -nanoseconds : nanoseconds;
  std::string text = nanoseconds < 0 ? "-PT" : "PT";
  text += std::to_string(static_cast<std::uint64_t>(magnitude / second));
  append_fraction(text, static_cast<std::uint64_t>(magnitude % second));
  writer.string(text += 'S');
}

Int128 read_duration(Reader& reader) {
  switch (reader.peek().type) {
    case protocol::Type::string: {
      Int128 out = 0;
      if (!DurationText(reader.string()).parse(out))
        reader.fail_with("expected a duration (\"PT1.5S\"), got another string");
      return out;
    }
    case protocol::Type::positive:
      return Int128{reader.uint()} * second;
    case protocol::Type::negative:
      return Int128{reader.integer(INT64_MIN, INT64_MAX)} * second;
    case protocol::Type::real: {
      const double seconds = reader.real();
      if (!(std::abs(seconds) < 9.2e18)) reader.fail_with("a duration out of range");
      return static_cast<Int128>(std::round(static_cast<long double>(seconds) * 1e9L));
    }
    default:
      reader.fail("a duration (\"PT1.5S\" or seconds)");
  }
}

void write_timestamp(Writer& writer, Int128 nanoseconds) {
  const std::int64_t seconds = whole_seconds(writer, nanoseconds);
  writer.timestamp(seconds, static_cast<std::uint32_t>(nanoseconds - Int128{seconds} * second));
}

Int128 read_timestamp(Reader& reader) {
  const Timestamp read = reader.timestamp();
  return Int128{read.seconds} * second + read.nanoseconds;
}

}  // namespace detail

float Codec<float>::read(Reader& reader) {
  const double value = reader.real();
  constexpr double max = std::numeric_limits<float>::max();
  if (std::isfinite(value) && std::abs(value) > max) reader.fail_with("a float out of range of 32 bits");
  return static_cast<float>(value);
}

}  // namespace clutch
