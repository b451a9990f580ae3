#include <clutch/codec.hpp>
#include <clutch/value.hpp>
#include <cmath>
#include <limits>
#include <numeric>

#include "e2e/support.hpp"

namespace shop {

struct Item {
  std::string name;
  double price = 0;
  friend bool operator==(const Item&, const Item&) = default;
};
CLUTCH_DEFINE(Item, name, price)

enum class Colour { red, green };
CLUTCH_ENUM(Colour, red, green)

struct Order {
  std::string id;
  std::vector<Item> items;
  Colour colour = Colour::red;
  std::optional<double> discount;
  friend bool operator==(const Order&, const Order&) = default;
};
CLUTCH_DEFINE(Order, id, items, colour, discount)

}  // namespace shop

namespace clutch::e2e {
namespace {

const shop::Order an_order{
    "12345678-1234-5678-1234-567812345678", {{"tea", 2.5}, {"milk", 1.5}}, shop::Colour::green, 1.0};

TEST(Call, GivesATypedResult) {
  const auto& pool = shared_pool();
  EXPECT_VALUE(pool.call<int>("shop.add", 20, 22).get(), 42);
  EXPECT_VALUE(pool.call<std::string>("shop.greet", "Ada", kw("greeting", "good day")).get(), "good day, Ada");
  const auto add = pool.function<int(int, int)>("shop.add");
  EXPECT_VALUE(add(1, 2).get(), 3);
  EXPECT_TRUE(pool.call<void>("shop.echo", nullptr).get().ok());
}

TEST(Call, CarriesValuesToAnnotatedTypesAndBack) {
  const auto& pool = shared_pool();
  EXPECT_VALUE(pool.call<double>("shop.total", an_order).get(), 3.0);
  auto painted = an_order;
  painted.colour = shop::Colour::red;
  EXPECT_VALUE(pool.call<shop::Order>("shop.painted", an_order, shop::Colour::red).get(), painted);
  const std::chrono::sys_time<std::chrono::microseconds> when(std::chrono::microseconds(1'700'000'000'123'456));
  EXPECT_VALUE(pool.call<std::chrono::sys_time<std::chrono::microseconds>>("shop.later", when, 90min).get(),
               when + 90min);
  using Mixed = std::tuple<std::optional<int>, std::vector<std::string>, std::map<std::string, int>, std::set<int>,
                           std::string, std::string>;
  EXPECT_VALUE(
      pool.call<Mixed>("shop.typed", std::nullopt, std::vector<std::string>{"a"}, std::map<std::string, int>{{"k", 1}})
          .get(),
      (Mixed{std::nullopt, {"a"}, {{"k", 1}}, {1, 2, 3}, "1.50", "2024-02-29"}));
}

TEST(Call, CarriesValuesAtTheBorders) {
  const auto& pool = shared_pool();
  EXPECT_VALUE(pool.call<std::int64_t>("shop.echo", std::numeric_limits<std::int64_t>::min()).get(),
               std::numeric_limits<std::int64_t>::min());
  EXPECT_VALUE(pool.call<std::uint64_t>("shop.echo", std::numeric_limits<std::uint64_t>::max()).get(),
               std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRUE(std::isnan(pool.call<double>("shop.echo", std::nan("")).get().value()));
  EXPECT_TRUE(std::signbit(pool.call<double>("shop.echo", -0.0).get().value()));
  EXPECT_VALUE(pool.call<std::string>("shop.echo", std::string("nul \0 inside", 12)).get(),
               std::string("nul \0 inside", 12));
}

TEST(Call, AnswersForAResultThatCannotCrossAndGoesOn) {
  const auto& pool = shared_pool();
  for (const char* kind : {"surrogate", "2**64", "cycle", "deep", "object"}) {
    SCOPED_TRACE(kind);
    EXPECT_FAILS(pool.call<Value>("shop.odd", kind).get(), invalid_argument, result, started);
  }
  const auto object = pool.call<Value>("shop.odd", "object").get();
  EXPECT_NE(object.error().message.find("$.items[1]"), std::string::npos) << object.error().message;
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);
}

TEST(Call, SaysWhichArgumentIsWrongAndWhere) {
  const auto& pool = shared_pool();
  const auto missing = pool.call<int>("shop.add").get();
  EXPECT_FAILS(missing, invalid_argument, arguments, not_started);
  EXPECT_NE(missing.error().message.find("missing 1 required positional argument: 'a'"), std::string::npos);
  const auto order = Value::map({{"id", an_order.id}, {"items", Value::array({1})}, {"colour", "red"}});
  const auto wrong = pool.call<double>("shop.total", order).get();
  EXPECT_FAILS(wrong, invalid_argument, arguments, not_started);
  EXPECT_NE(wrong.error().message.find("argument 'order'"), std::string::npos) << wrong.error().message;
  EXPECT_NE(wrong.error().message.find("$.items[0]"), std::string::npos) << wrong.error().message;
}

TEST(Call, SaysWhatAResultIsWhenItIsNotTheTypeAskedFor) {
  const auto result = shared_pool().call<int>("shop.echo", std::vector<std::string>{"x"}).get();
  EXPECT_FAILS(result, invalid_argument, result, started);
}

TEST(Call, NamesTheFunctionThatWasMeant) {
  const auto result = shared_pool().call<int>("shop.ad", 1).get();
  EXPECT_FAILS(result, not_found, lookup, not_started);
  EXPECT_NE(result.error().message.find("did you mean `shop.add`?"), std::string::npos) << result.error().message;
}

TEST(Call, FindsNothingBehindTheRegistry) {
  for (const char* name : {"os.system", "shop.os.system", "shop.echo.__globals__", "shop.Path", "shop.Order", ""}) {
    SCOPED_TRACE(name);
    EXPECT_FAILS(shared_pool().call<Value>(name).get(), not_found, lookup, not_started);
  }
}

TEST(Call, TellsTheWholeStoryOfAnException) {
  const auto& pool = shared_pool();
  const auto simple = pool.call<Value>("shop.fails", "simple").get();
  EXPECT_FAILS(simple, failed, run, started);
  ASSERT_TRUE(simple.error().exception);
  EXPECT_EQ(simple.error().exception->type, "ValueError");
  EXPECT_EQ(simple.error().exception->message, "no such thing");
  EXPECT_NE(simple.error().exception->traceback.find("shop.py\", line"), std::string::npos)
      << simple.error().exception->traceback;
  EXPECT_NE(simple.error().exception->traceback.find("in fails"), std::string::npos);
  EXPECT_EQ(simple.error().exception->traceback.find("clutch_worker"), std::string::npos)
      << "frames of the worker's own";
  EXPECT_EQ(pool.call<Value>("shop.fails", "own").get().error().exception->type, "shop.OutOfStock");
  const auto noted = pool.call<Value>("shop.fails", "noted").get();
  EXPECT_EQ(noted.error().exception->notes, std::vector<std::string>{"look in the cellar"});
  const auto caused = pool.call<Value>("shop.fails", "caused").get();
  ASSERT_TRUE(caused.error().exception->cause);
  EXPECT_EQ(caused.error().exception->cause->type, "KeyError");
  EXPECT_TRUE(caused.error().exception->explicit_cause);
  const auto group = pool.call<Value>("shop.fails", "group").get();
  ASSERT_EQ(group.error().exception->group.size(), 2u);
  EXPECT_EQ(group.error().exception->group[1].type, "TypeError");
  EXPECT_THROW(static_cast<void>(simple.value()), CallError);
}

TEST(Call, OutlivesWhatWouldEndAnInterpreter) {
  const auto& pool = shared_pool();
  for (const char* kind : {"exit", "interrupt", "unprintable"}) {
    SCOPED_TRACE(kind);
    EXPECT_FAILS(pool.call<Value>("shop.fails", kind).get(), failed, run, started);
  }
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);
}

TEST(Call, RunsPlainFunctionsInAThread) {
  const auto& pool = shared_pool();
  EXPECT_VALUE(pool.call<int>("shop.plain", 21).get(), 42);
  EXPECT_VALUE(pool.call<int>("shop.gives_awaitable", 5).get(), 5);
  auto slow = pool.call<std::string>("shop.plain_sleep", 0.3);
  EXPECT_VALUE(pool.call<int>("shop.echo", 1).get(), 1);
  EXPECT_FALSE(slow.ready()) << "the loop went on while the plain function slept";
  EXPECT_NE(slow.get().value(), "MainThread");
}

TEST(Call, CarriesLargeBytesBesideTheMessage) {
  const auto& pool = shared_pool();
  std::vector<std::byte> bytes(3u << 20);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7);
  const Bytes data(std::vector<std::byte>{bytes});
  for (const char* function : {"shop.blob", "shop.blob_view"}) {
    const auto back = pool.call<Bytes>(function, data).get();
    ASSERT_TRUE(back.ok()) << describe(back.error());
    EXPECT_TRUE(back.value() == data);
  }
  EXPECT_VALUE(pool.call<int>("shop.size_of", kw("data", data)).get(), static_cast<int>(bytes.size()));
  const auto nested = pool.call<std::vector<Bytes>>("shop.echo", std::vector<Bytes>{data, Bytes("small")}).get();
  ASSERT_TRUE(nested.ok()) << describe(nested.error());
  EXPECT_TRUE(nested.value()[0] == data);
}

TEST(Call, TellsThePythonSideWhatItIs) {
  const auto& pool = shared_pool();
  CallOptions options;
  options.timeout = 60s;
  options.metadata = {{"traceparent", "00-ab"}};
  const auto call = pool.with(options).call<Value>("shop.context").get();
  ASSERT_TRUE(call.ok()) << describe(call.error());
  EXPECT_EQ(*call.value().find("metadata")->find("traceparent"), Value("00-ab"));
  EXPECT_EQ(*call.value().find("attempt"), Value(1));
  const auto left = call.value().find("left")->to<double>().value();
  EXPECT_GT(left, 50.0);
  EXPECT_LE(left, 60.0);
}

TEST(Call, RefusesAGeneratorForNow) {
  const auto result = shared_pool().call<Value>("shop.numbers").get();
  EXPECT_FAILS(result, invalid_argument, run, not_started);
}

}  // namespace
}  // namespace clutch::e2e
