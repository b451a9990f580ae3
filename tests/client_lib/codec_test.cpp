// What crosses, byte by byte. The golden bytes are msgspec 0.22's (msgspec.msgpack.encode in Python).
#include <cmath>
#include <limits>

#include "client_lib/support.hpp"
#include "clutch/codec.hpp"

namespace shop {

enum class Size { small = 1, large = 300 };
enum class Colour { red, green };
CLUTCH_ENUM(Colour, red, green)

struct Item {
  std::string name;
  double price = 0;
  std::optional<std::int8_t> count = 7;
  friend bool operator==(const Item&, const Item&) = default;
};
CLUTCH_DEFINE(Item, name, price, count)

struct Order {
  std::vector<Item> items;
  friend bool operator==(const Order&, const Order&) = default;
};
CLUTCH_DEFINE(Order, items)

struct Node {
  std::vector<Node> children;
  friend bool operator==(const Node&, const Node&) = default;
};
CLUTCH_DEFINE(Node, children)

struct Empty {};
CLUTCH_DEFINE(Empty)

struct Point {
  int x = 0;
  int y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

}  // namespace shop

template <>
struct clutch::Codec<shop::Point> {
  static void write(Writer& writer, const shop::Point& point) {
    auto items = writer.array(2);
    items.add(point.x);
    items.add(point.y);
  }
  static shop::Point read(Reader& reader) {
    auto items = reader.array(2);
    const int x = items.next<int>();
    if (x < 0) reader.fail_with("a point left of the page");
    return {x, items.next<int>()};
  }
};

namespace clutch::testing_support {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

template <class T>
void crosses(const T& value, std::string_view bytes) {
  EXPECT_EQ(written(value), bytes);
  const Result<T> back = read<T>(bytes);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back.value(), value);
}

TEST(Codec, Scalars) {
  crosses(true, "c3");
  crosses(false, "c2");
  crosses(std::monostate{}, "c0");
  crosses(0, "00");
  crosses(-1, "ff");
  crosses(std::int64_t{-1} << 63, "d38000000000000000");
  crosses(std::numeric_limits<std::uint64_t>::max(), "cfffffffffffffffff");
  crosses(1.5, "cb3ff8000000000000");
  crosses(3.0, "cb4008000000000000");
  crosses(1.5F, "cb3ff8000000000000");
  crosses(std::string("über"), "a5c3bc626572");
  crosses(Bytes("ab"), "c4026162");
  crosses(std::vector{std::byte{1}}, "c40101");
  crosses(std::array{std::byte{1}, std::byte{2}}, "c4020102");
  EXPECT_EQ(written("text"), "a474657874");
  EXPECT_EQ(written(static_cast<const char*>("t")), "a174");
  EXPECT_EQ(written(std::string_view("t")), "a174");
  EXPECT_EQ(written(nullptr), "c0");
}

TEST(Codec, NotANumberAndItsKinCrossUnchanged) {
  EXPECT_TRUE(std::isnan(read<double>(written(std::nan(""))).value()));
  EXPECT_EQ(read<double>(written(-HUGE_VAL)).value(), -HUGE_VAL);
  EXPECT_TRUE(std::signbit(read<double>(written(-0.0)).value()));
  EXPECT_TRUE(std::isinf(read<float>(written(HUGE_VAL)).value()));
}

template <class T>
void ends_at_its_width() {
  using Limits = std::numeric_limits<T>;
  EXPECT_EQ(read<T>(written(Limits::max())).value(), Limits::max());
  EXPECT_EQ(read<T>(written(Limits::min())).value(), Limits::min());
  if constexpr (sizeof(T) < 8) {
    EXPECT_THAT(read_error<T>(written(std::int64_t{Limits::max()} + 1)), HasSubstr("expected an integer from "));
    EXPECT_FALSE(read<T>(written(std::int64_t{Limits::min()} - 1)).ok());
  }
}

TEST(Codec, IntegersAreCheckedAgainstTheirWidth) {
  ends_at_its_width<std::int8_t>();
  ends_at_its_width<std::uint8_t>();
  ends_at_its_width<std::int16_t>();
  ends_at_its_width<std::uint16_t>();
  ends_at_its_width<std::int32_t>();
  ends_at_its_width<std::uint32_t>();
  ends_at_its_width<std::int64_t>();
  ends_at_its_width<std::uint64_t>();
  EXPECT_THAT(read_error<std::int8_t>("cd012c"),
              HasSubstr("expected an integer from -128 to 127, got the integer 300 at $"));
  EXPECT_FALSE(read<std::int64_t>("cf8000000000000000").ok());
  EXPECT_FALSE(read<std::uint64_t>("ff").ok());
}

TEST(Codec, AFloatTakesAnIntegerButNotTheOtherWayRound) {
  EXPECT_EQ(read<double>("03").value(), 3.0);
  EXPECT_EQ(read<double>("fd").value(), -3.0);
  EXPECT_EQ(read<float>("03").value(), 3.0F);
  EXPECT_THAT(read_error<int>("cb4008000000000000"), HasSubstr("got a float"));
  EXPECT_THAT(read_error<float>(written(1e300)), HasSubstr("32 bits"));
  EXPECT_THAT(read_error<double>("c3"), HasSubstr("expected a float, got a boolean at $"));
  EXPECT_THAT(read_error<bool>("01"), HasSubstr("expected a boolean, got the integer 1"));
}

TEST(Codec, Containers) {
  crosses(std::vector{1, 2}, "920102");
  crosses(std::vector<int>{}, "90");
  crosses(std::vector{true, false}, "92c3c2");
  crosses(std::deque{1}, "9101");
  crosses(std::list{1}, "9101");
  crosses(std::array{1, 2}, "920102");
  crosses(std::set{2, 1}, "920102");
  crosses(std::unordered_set{1}, "9101");
  crosses(std::map<std::string, int>{{"a", 1}, {"b", 2}}, "82a16101a16202");
  crosses(std::unordered_map<int, bool>{{1, true}}, "8101c3");
  crosses(std::pair{1, std::string("a")}, "9201a161");
  crosses(std::tuple{1, true, 1.5}, "9301c3cb3ff8000000000000");
  crosses(std::tuple<>{}, "90");
  crosses(std::optional<int>{}, "c0");
  crosses(std::optional{1}, "01");
  crosses(std::vector<std::map<std::string, std::vector<int>>>{{{"a", {1}}}}, "9181a1619101");
  EXPECT_EQ(written(std::span<const int>(std::vector{1})), "9101");
  EXPECT_EQ(read<std::set<int>>("920101").value().size(), 1U);
}

TEST(Codec, AnArrayOfAnotherLengthIsRefused) {
  EXPECT_THAT((read_error<std::pair<int, int>>("93010203")), HasSubstr("expected an array of 2, got one of 3 at $"));
  EXPECT_FALSE((read<std::array<int, 2>>("9101").ok()));
  EXPECT_THAT((read_error<std::array<std::byte, 2>>("c40101")), HasSubstr("another length than 2"));
}

TEST(Codec, AKeyThatComesTwiceIsRefused) {
  EXPECT_THAT((read_error<std::map<std::string, int>>("82a16101a16102")), HasSubstr("twice at $"));
}

TEST(Codec, AVariantIsTheFirstAlternativeThatFits) {
  using V = std::variant<std::monostate, bool, int, double, std::string, shop::Item, shop::Order, std::vector<int>>;
  for (const V& value :
       {V{}, V{true}, V{3}, V{1.5}, V{"a"}, V{shop::Item{"x", 1, 2}}, V{shop::Order{}}, V{std::vector{1}}}) {
    EXPECT_EQ(read<V>(written(value)).value(), value);
  }
  EXPECT_EQ((read<std::variant<double, int>>("03").value().index()), 0U) << "a float takes an integer";
  EXPECT_EQ((read<std::variant<std::int8_t, int>>("cd012c").value().index()), 1U) << "300 is no int8";
  EXPECT_THAT((read_error<std::variant<int, bool>>("a161")), HasSubstr("one of 2 alternatives, got a string at $"));
  EXPECT_THAT((read_error<std::variant<bool, std::vector<int>>>("9101a0")), HasSubstr("more than one value"));
  EXPECT_THAT((read_error<std::variant<bool, std::vector<int>>>("91a0")), HasSubstr("at $[0]"));
}

// An array of so many elements, of which none can be read.
std::vector<std::byte> declaring(std::size_t elements) {
  std::vector<std::byte> bytes(elements + 5, std::byte{0xc1});
  bytes[0] = std::byte{0xdd};
  for (std::size_t i = 0; i < 4; ++i) bytes[i + 1] = static_cast<std::byte>(elements >> (24 - 8 * i));
  return bytes;
}

TEST(Codec, ElementsAreBounded) {
  const auto bytes = declaring(limits::elements_max + 1);
  Reader reader(bytes);
  EXPECT_THROW(static_cast<void>(reader.array()), CodecError);
  EXPECT_THROW(written(std::vector<bool>(limits::elements_max + 1)), CodecError);
}

TEST(Codec, WhatAnAlternativeThatDidNotFitReadIsNotCounted) {
  const auto bytes = declaring(limits::elements_max / 2 + 1);
  Reader reader(bytes);
  const auto mark = reader.mark();
  static_cast<void>(reader.array());
  reader.rewind(mark);
  EXPECT_NO_THROW(static_cast<void>(reader.array()));
}

TEST(Codec, TimePointsAreTimestamps) {
  using namespace std::chrono;
  const sys_time<microseconds> before{-500ms};
  crosses(before, "c70cff1dcd6500ffffffffffffffff");
  crosses(sys_seconds{4102444800s}, "d6fff4865700");
  crosses(sys_time<nanoseconds>{1s + 1ns}, "d7ff0000000400000001");
  crosses(Timestamp{std::numeric_limits<std::int64_t>::min(), 999'999'999}, "c70cff3b9ac9ff8000000000000000");
  EXPECT_EQ(read<sys_seconds>("c70cff1dcd6500ffffffffffffffff").value(), sys_seconds{-1s}) << "rounded down";
  EXPECT_THAT(read_error<sys_time<nanoseconds>>("c70cff000000007fffffffffffffff"), HasSubstr("out of range"));
  EXPECT_THAT(read_error<sys_seconds>("00"), HasSubstr("expected a timestamp, got the integer 0"));
  EXPECT_FALSE(read<sys_seconds>("c70cff3b9aca000000000000000000").ok()) << "a billion nanoseconds";
  EXPECT_THAT(read_error<sys_seconds>("d50100ff"), HasSubstr("got an extension"));
}

TEST(Codec, DurationsAreIsoTextAsPythonsTimedelta) {
  using namespace std::chrono;
  crosses(1500ms, "a65054312e3553");
  crosses(-1500ms, "a72d5054312e3553");
  crosses(0ns,
          "a4505430"
          "53");
  crosses(duration<double>(0.25), "a75054302e323553");
  crosses(hours::max() / 3600, written(hours::max() / 3600));
  EXPECT_EQ(read<nanoseconds>(written("P2DT0.000001S")).value(), 48h + 1us);
  EXPECT_EQ(read<seconds>(written("P1DT2H3M4.5S")).value(), 24h + 2h + 3min + 4s);
  EXPECT_EQ(read<seconds>(written("P0D")).value(), 0s);
  EXPECT_EQ(read<milliseconds>(written("-PT0.000001S")).value(), -1ms) << "rounded down";
  EXPECT_EQ(read<milliseconds>(written(2)).value(), 2s);
  EXPECT_EQ(read<milliseconds>(written(-2)).value(), -2s);
  EXPECT_EQ(read<milliseconds>(written(0.1)).value(), 100ms);
  EXPECT_EQ(read<minutes>(written("PT2H")).value(), 120min);
}

TEST(Codec, ADurationThatIsNoneIsRefused) {
  using namespace std::chrono;
  for (const char* text : {"", "P", "PT", "PT1", "1S", "P1W", "PT1S1M", "PT1.S", "PT1.5", "P1DT", "PT-1S", "PT1S "}) {
    EXPECT_FALSE(read<seconds>(written(text)).ok()) << text;
  }
  EXPECT_THAT(read_error<nanoseconds>(written("PT10000000000S")), HasSubstr("out of range"));
  EXPECT_FALSE(read<nanoseconds>(written(1e300)).ok());
  EXPECT_FALSE(read<nanoseconds>(written(std::nan(""))).ok());
  EXPECT_THROW(written(duration<double>(HUGE_VAL)), CodecError);
  EXPECT_THROW(written(hours::max()), CodecError);
}

TEST(Codec, EnumsAreNumbersOrNames) {
  crosses(shop::Size::large, "cd012c");
  crosses(shop::Colour::green, "a5677265656e");
  EXPECT_THAT(read_error<shop::Colour>("a161"), HasSubstr("expected one of 'red', 'green'"));
  EXPECT_THROW(written(static_cast<shop::Colour>(9)), CodecError);
}

TEST(Codec, StructsAreMapsOfTheirFields) {
  crosses(shop::Item{"x", 1.5, std::nullopt}, "83a46e616d65a178a57072696365cb3ff8000000000000a5636f756e74c0");
  crosses(shop::Node{{shop::Node{}, shop::Node{}}}, written(shop::Node{{shop::Node{}, shop::Node{}}}));
  EXPECT_EQ(written(shop::Empty{}), "80");
  EXPECT_TRUE(read<shop::Empty>("81a16101").ok());
}

TEST(Codec, UnknownKeysAreIgnoredAndMissingOnesOnlyIfOptional) {
  const auto item = read<shop::Item>(
      "8401a178a57072696365"
      "01a178"
      "9201c0a46e616d65a178");
  ASSERT_TRUE(item.ok()) << item.error().message;
  EXPECT_EQ(item.value(), (shop::Item{"x", 1, 7})) << "count keeps its initialiser";
  EXPECT_THAT(read_error<shop::Item>("81a46e616d65a178"), HasSubstr("missing key 'price' at $"));
  EXPECT_THAT(read_error<shop::Item>("82a46e616d65a178a46e616d65a178"), HasSubstr("the key 'name' twice"));
}

TEST(Codec, AnErrorNamesThePath) {
  using Orders = std::map<std::string, shop::Order>;
  const std::string order =
      "81a56974656d73"
      "92"
      "82a46e616d65a178a5707269636501"
      "82a46e616d65a178a57072696365a179";
  EXPECT_THAT(read_error<shop::Order>(order), HasSubstr("expected a float, got a string at $.items[1].price"));
  EXPECT_THAT(read_error<Orders>("81a3612062" + order), HasSubstr("at $[\"a b\"].items[1].price"));
  EXPECT_THAT((read_error<std::map<int, std::vector<int>>>("81ff91c0")), HasSubstr("at $[-1][0]"));
  EXPECT_THAT(read_error<std::vector<shop::Item>>("9181a46e616d65a178"), HasSubstr("missing key 'price' at $[0]"));
  const auto error = read<int>("c0").error();
  EXPECT_EQ(error.code, Code::invalid_argument);
  EXPECT_EQ(error.stage, Stage::result);
  EXPECT_EQ(error.certainty, Certainty::started);
}

TEST(Codec, AUsersOwn) {
  crosses(shop::Point{1, 2}, "920102");
  crosses(std::vector{shop::Point{1, 2}}, "91920102");
  EXPECT_THAT(read_error<std::vector<shop::Point>>("91920"
                                                   "1c0"),
              HasSubstr("at $[0][1]"));
  EXPECT_THAT(read_error<shop::Point>("92ff00"), HasSubstr("a point left of the page at $[0]"));
}

TEST(Codec, WhatIsNotUtf8IsRefusedBothWays) {
  EXPECT_THROW(written(std::string("\xff")), CodecError);
  EXPECT_THROW(written(std::string("\xed\xa0\x80")), CodecError) << "a lone surrogate";
  EXPECT_THAT(read_error<std::string>("a1ff"), HasSubstr("not valid UTF-8 at $"));
}

TEST(Codec, MalformedBytesAreAnError) {
  for (const char* bytes : {"", "c1", "a5", "92", "9101ff", "dd7fffffff", "df7fffffff", "c6ffffffff"}) {
    EXPECT_FALSE(read<Value>(bytes).ok()) << bytes;
    EXPECT_FALSE(read<std::vector<int>>(bytes).ok()) << bytes;
    EXPECT_FALSE((read<std::map<int, int>>(bytes).ok())) << bytes;
  }
  EXPECT_FALSE(read<int>("0101").ok());
}

std::string nested(std::size_t levels) {
  std::string text;
  for (std::size_t i = 1; i < levels; ++i) text += "91";
  return text + "90";
}

shop::Node chain(std::size_t levels) {
  shop::Node node;
  for (std::size_t i = 1; i < levels; ++i) {
    shop::Node outer;
    outer.children.push_back(std::move(node));
    node = std::move(outer);
  }
  return node;
}

TEST(Codec, DepthIsBoundedBothWays) {
  EXPECT_TRUE(read<Value>(nested(limits::depth_max)).ok());
  EXPECT_THAT(read_error<Value>(nested(limits::depth_max + 1)), HasSubstr("deeper than 64"));
  EXPECT_FALSE(read<Value>(nested(100'000)).ok());
  EXPECT_EQ(written(chain(limits::depth_max / 2)).substr(0, 2), "81");
  EXPECT_THROW(written(chain(limits::depth_max / 2 + 1)), CodecError);
}

TEST(Codec, ACodecThatWritesAnotherNumberOfItemsIsMisuse) {
  Writer writer;
  EXPECT_THROW(
      {
        auto items = writer.array(2);
        items.add(1);
      },
      misuse);
  EXPECT_THROW(
      {
        auto pairs = writer.map(0);
        pairs.add("a", 1);
      },
      misuse);
}

TEST(Codec, AKeyIsNoArrayAndNoMap) {
  EXPECT_THROW(written(std::map<std::vector<int>, int>{{{1}, 1}}), CodecError);
  EXPECT_THAT((read_error<std::map<std::vector<int>, int>>("8191"
                                                           "0101")),
              HasSubstr("a key"));
}

TEST(Codec, PayloadFramesStandWhereTheirBytesWere) {
  const Bytes large("large");
  const PayloadFrames whole = {{Place{}, large}};
  const PayloadFrames item = {{Place{std::uint32_t{1}}, large}};
  const auto shared = read<Bytes>("c400", whole);
  EXPECT_EQ(shared.value().data(), large.data()) << "not copied";
  EXPECT_EQ(read<std::vector<std::byte>>("c400", whole).value().size(), 5U);
  EXPECT_EQ((read<std::pair<int, Bytes>>("9201c400", item).value().second.data()), large.data());
  EXPECT_EQ(read<std::vector<Bytes>>("92c400c400", item).value().at(0).size(), 0U);
  EXPECT_EQ(read<Value>("92c400c400", item).value().at(1)->get_if<Bytes>()->data(), large.data());
  EXPECT_EQ(read<std::vector<std::vector<Bytes>>>("9290"
                                                  "92c400c400",
                                                  item)
                .value()
                .at(1)
                .at(1)
                .size(),
            0U)
      << "items of items stay in the body";
}

}  // namespace
}  // namespace clutch::testing_support
