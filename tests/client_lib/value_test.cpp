#include "client_lib/support.hpp"
#include "clutch/codec.hpp"

namespace clutch::testing_support {
namespace {

using ::testing::HasSubstr;

const Value everything = Value::map({
    {"nil", nullptr},
    {"bool", true},
    {"int", -5},
    {"uint", UINT64_MAX},
    {"real", 1.5},
    {"text", "é"},
    {"bytes", Bytes("ab")},
    {"array", Value::array({1, Value::array({}), "x"})},
    {3, Timestamp{1, 2}},
    {false, Value::map({})},
});

TEST(Value, CrossesWhateverItIs) {
  const auto back = read<Value>(written(everything));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back.value(), everything);
}

TEST(Value, EqualIntegersAreEqualWhateverTheirWidth) {
  EXPECT_EQ(Value(std::uint8_t{1}), Value(std::int64_t{1}));
  EXPECT_EQ(Value(std::uint64_t{INT64_MAX}), Value(INT64_MAX));
  EXPECT_TRUE(Value(std::uint64_t{INT64_MAX} + 1).is<std::uint64_t>());
  EXPECT_EQ(read<Value>("cf0000000000000001").value(), Value(1));
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(true), Value(1));
}

TEST(Value, IsLookedInto) {
  EXPECT_EQ(everything.size(), 10U);
  EXPECT_EQ(*everything.find("int"), Value(-5));
  EXPECT_EQ(everything.find("none"), nullptr);
  EXPECT_EQ(everything.at(0), nullptr) << "not an array";
  const Value& array = *everything.find("array");
  EXPECT_EQ(*array.at(2), Value("x"));
  EXPECT_EQ(array.at(3), nullptr);
  EXPECT_EQ(array.find("x"), nullptr);
  EXPECT_EQ(*everything.find("text")->get_if<std::string>(), "é");
  EXPECT_TRUE(everything.find("nil")->is_nil());
  EXPECT_EQ(Value(1).size(), 0U);
}

TEST(Value, BecomesATypeAndSaysWhereItDoesNot) {
  EXPECT_EQ((Value::array({1, 2}).to<std::vector<int>>().value()), (std::vector{1, 2}));
  const auto wrong = Value::array({1, "a"}).to<std::vector<int>>();
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, HasSubstr("got a string at $[1]"));
}

TEST(Value, AMapInWhichAKeyOccursTwiceDoesNotCross) {
  const Value twice = Value::map({{"a", 1}, {"a", 2}});
  EXPECT_THROW(written(twice), CodecError);
  EXPECT_THROW(written(Value::array({Value::array({twice})})), CodecError);
  EXPECT_THROW(written(std::vector{twice}), CodecError);
  EXPECT_THROW(written(Value::map({{Value::array({}), 1}})), CodecError);
  EXPECT_FALSE(read<Value>("82a16101a16102").ok());
}

TEST(Value, SharesReceivedBytes) {
  const Bytes large("large");
  EXPECT_EQ(read<Value>("c400", {{Place{}, large}}).value().get_if<Bytes>()->data(), large.data());
}

}  // namespace
}  // namespace clutch::testing_support
