#include "clutch/protocol/writer.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <random>
#include <string>

#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/scan.hpp"
#include "msgpack_reference.hpp"
#include "support/hex.hpp"

namespace clutch::protocol {
namespace {

namespace reference = clutch::test::reference;
using test::bytes_of;
using test::hex_of;

template <class Write>
std::string hex_written(Write write) {
  Writer writer;
  write(writer);
  return hex_of(writer.bytes());
}

// On both sides of each border between two widths, and a spread of random ones.
std::vector<std::uint64_t> integers() {
  std::vector<std::uint64_t> values = {0};
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const int off : {-2, -1, 0, 1, 2}) {
      const auto value = (std::uint64_t{1} << shift) + static_cast<std::uint64_t>(off);
      values.push_back(value);
      values.push_back(~value);
    }
  }
  std::mt19937_64 random(20'26);
  for (int i = 0; i < 10'000; ++i) values.push_back(random() >> (random() % 64));
  return values;
}

TEST(Writer, WritesIntegersAsMsgpackDoes) {
  for (const auto value : integers()) {
    EXPECT_EQ(hex_written([=](Writer& writer) { writer.uint(value); }), hex_of(reference::uint(value))) << value;
    const auto negative = static_cast<std::int64_t>(value);
    EXPECT_EQ(hex_written([=](Writer& writer) { writer.integer(negative); }), hex_of(reference::integer(negative)))
        << negative;
  }
}

TEST(Writer, WritesScalarsAsMsgpackDoes) {
  EXPECT_EQ(hex_written([](Writer& writer) { writer.nil(); }), hex_of(reference::nil()));
  for (const bool value : {false, true}) {
    EXPECT_EQ(hex_written([=](Writer& writer) { writer.boolean(value); }), hex_of(reference::boolean(value)));
  }
  using limits = std::numeric_limits<double>;
  for (const double value : {0.0, -0.0, 0.5, -1e300, limits::denorm_min(), limits::infinity(), -limits::infinity(),
                             limits::quiet_NaN(), 16777217.0}) {
    EXPECT_EQ(hex_written([=](Writer& writer) { writer.real(value); }), hex_of(reference::real(value))) << value;
  }
}

TEST(Writer, WritesStringsBinariesAndHeadsAsMsgpackDoes) {
  for (const std::size_t size : {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536, 70000}) {
    const std::string text(size, 'x');
    const auto count = static_cast<std::uint32_t>(size);
    EXPECT_EQ(hex_written([&](Writer& writer) { writer.string(text); }), hex_of(reference::string(text))) << size;
    EXPECT_EQ(hex_written([&](Writer& writer) { writer.binary(bytes_of(text)); }), hex_of(reference::binary(text)))
        << size;
    EXPECT_EQ(hex_written([&](Writer& writer) { writer.array(size); }), hex_of(reference::array_head(count))) << size;
    EXPECT_EQ(hex_written([&](Writer& writer) { writer.map(size); }), hex_of(reference::map_head(count))) << size;
  }
}

TEST(Writer, WritesTimestampsAsMsgpackDoes) {
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1'700'000'000},
                                     std::int64_t{0xffffffff}, std::int64_t{0x100000000}}) {
    for (const std::uint32_t nanoseconds : {0u, 1u, 999'999'999u}) {
      EXPECT_EQ(hex_written([=](Writer& writer) { writer.timestamp(seconds, nanoseconds); }),
                hex_of(reference::timestamp(seconds, nanoseconds)))
          << seconds << ' ' << nanoseconds;
    }
  }
}

// msgpack-cxx cannot hold these in its nanoseconds of 64 bits.
TEST(Writer, WritesTheFarthestTimestamps) {
  EXPECT_EQ(hex_written([](Writer& writer) { writer.timestamp((1ll << 34) - 1, 999'999'999); }),
            "d7ffee6b27ffffffffff");
  EXPECT_EQ(hex_written([](Writer& writer) { writer.timestamp(1ll << 34, 0); }), "c70cff000000000000000400000000");
  EXPECT_EQ(hex_written([](Writer& writer) { writer.timestamp(-1, 500'000'000); }), "c70cff1dcd6500ffffffffffffffff");
  EXPECT_EQ(hex_written([](Writer& writer) { writer.timestamp(std::numeric_limits<std::int64_t>::min(), 0); }),
            "c70cff000000008000000000000000");
}

// A random value by writer and, in step, as the text that msgpack-cxx prints of it.
class RandomValue {
 public:
  explicit RandomValue(std::uint64_t seed) : random_(seed) {}

  std::string write(Writer& writer, int depth = 0) {
    switch (pick(depth > 4 ? 5 : 7)) {
      case 0:
        return writer.nil(), "null";
      case 1:
        return flag(writer);
      case 2:
        return number(writer);
      case 3:
        return negative(writer);
      case 4:
        return text(writer);
      case 5:
        return array(writer, depth);
      default:
        return map(writer, depth);
    }
  }

 private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  std::string flag(Writer& writer) {
    const bool value = pick(2) == 1;
    writer.boolean(value);
    return value ? "true" : "false";
  }
  std::string number(Writer& writer) {
    const auto value = random_() >> pick(64);
    writer.uint(value);
    return std::to_string(value);
  }
  std::string negative(Writer& writer) {
    const auto value = static_cast<std::int64_t>(random_()) >> pick(63);
    writer.integer(value);
    return std::to_string(value);
  }
  std::string text(Writer& writer) {
    const std::string value(pick(300), static_cast<char>('a' + pick(26)));
    writer.string(value);
    return '"' + value + '"';
  }
  std::string array(Writer& writer, int depth) {
    const auto count = pick(40);
    writer.array(count);
    std::string printed = "[";
    for (std::uint64_t i = 0; i < count; ++i)
      printed += (i == 0 ? "" : ",") + write(writer, depth + 1 + static_cast<int>(count) / 4);
    return printed + "]";
  }
  std::string map(Writer& writer, int depth) {
    const auto count = pick(40);
    const bool later = pick(2) == 1;
    writer.map(count);
    std::string printed = "{";
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto key = "k" + std::to_string(later ? count - i : i);
      writer.string(key);
      printed += std::string(i == 0 ? "" : ",") + '"' + key + "\":";
      printed += write(writer, depth + 1 + static_cast<int>(count) / 4);
    }
    return printed + "}";
  }

  std::mt19937_64 random_;
};

TEST(Writer, WritesValuesThatMsgpackAndTheScannerTake) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Writer writer;
    const auto printed = RandomValue(seed).write(writer);
    EXPECT_EQ(reference::unpack_and_print(writer.bytes()), printed) << "seed " << seed;
    EXPECT_EQ(to_string(scan(writer.bytes())), "none") << "seed " << seed;
    Cursor cursor(writer.bytes());
    std::span<const std::byte> value;
    EXPECT_TRUE(cursor.skip(value) && cursor.at_end()) << "seed " << seed;
  }
}

TEST(Writer, OpensAnArrayWhoseCountComesLater) {
  Writer writer;
  writer.array(2);
  const auto opened = writer.open_array();
  for (std::uint64_t i = 0; i < 300; ++i) writer.uint(i);
  writer.close_array(opened, 300);
  writer.nil();
  Cursor cursor(writer.bytes());
  std::size_t count = 0;
  std::uint64_t number = 0;
  ASSERT_TRUE(cursor.array(count) && count == 2);
  ASSERT_TRUE(cursor.array(count) && count == 300);
  for (std::uint64_t i = 0; i < 300; ++i) ASSERT_TRUE(cursor.uint(number) && number == i);
  EXPECT_TRUE(cursor.nil() && cursor.at_end());
}

TEST(Writer, GoesBackToAnEarlierSize) {
  Writer writer;
  writer.uint(1);
  const auto size = writer.size();
  writer.string("dropped");
  writer.truncate(size);
  EXPECT_EQ(hex_of(writer.bytes()), "01");
  writer.clear();
  EXPECT_TRUE(writer.empty());
}

TEST(Writer, GivesWhatItWroteAsABlob) {
  Writer writer;
  writer.string("hello");
  EXPECT_EQ(hex_of(writer.blob().bytes()), hex_of(writer.bytes()));
}

TEST(Writer, TakesInAValueThatIsEncodedAlready) {
  Writer writer;
  writer.array(1);
  writer.raw(test::bytes_of_hex("81 a1 61 01"));
  EXPECT_EQ(hex_of(writer.bytes()), "9181a16101");
}

}  // namespace
}  // namespace clutch::protocol
