// What a call's arguments become.
#include "clutch/detail/arguments.hpp"

#include "client_lib/support.hpp"
#include "clutch/caller.hpp"

namespace clutch::testing_support {
namespace {

using detail::encode_arguments;
using ::testing::HasSubstr;

Bytes large(std::size_t size = limits::frame_threshold_bytes) { return Bytes(std::vector<std::byte>(size)); }

TEST(Arguments, ArePositionalOrByKeyword) {
  const auto request = encode_arguments(1, "a", kw("n", 2), kw("text", std::string("x")));
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(hex(request.value().args.bytes()), "9201a161");
  EXPECT_EQ(hex(request.value().kwargs.bytes()), "82a16e02a474657874a178");
  EXPECT_TRUE(request.value().frames.empty());
}

TEST(Arguments, MayBeNone) {
  const auto request = encode_arguments();
  EXPECT_EQ(hex(request.value().args.bytes()), "90");
  EXPECT_TRUE(request.value().kwargs.empty());
  EXPECT_EQ(hex(encode_arguments(kw("a", 1)).value().args.bytes()), "90");
}

TEST(Arguments, MayShowDataTheyDoNotOwn) {
  const std::vector<int> numbers = {1, 2};
  char text[] = "t";
  const auto request = encode_arguments(std::string_view("s"), "literal", text, static_cast<const char*>("p"),
                                        std::span<const int>(numbers), std::as_bytes(std::span("b", 1)), nullptr);
  EXPECT_EQ(hex(request.value().args.bytes()), "97a173a76c69746572616ca174a170920102c40162c0");
}

TEST(Arguments, LargeBytesTravelAsFrames) {
  const Bytes shared = large();
  std::vector<std::byte> moved(limits::frame_threshold_bytes);
  const std::byte* const where = moved.data();
  const std::vector<std::byte> copied(limits::frame_threshold_bytes + 1);
  const auto result =
      encode_arguments(1, shared, std::move(moved), copied, std::span<const std::byte>(copied), kw("k", shared));
  const Request& request = result.value();
  EXPECT_EQ(hex(request.args.bytes()), "9501c400c400c400c400");
  EXPECT_EQ(hex(request.kwargs.bytes()), "81a16bc400");
  ASSERT_EQ(request.frames.size(), 5U);
  EXPECT_EQ(request.frames[0].place, Place(std::uint32_t{1}));
  EXPECT_EQ(request.frames[0].bytes.data(), shared.data()) << "shared";
  EXPECT_EQ(request.frames[1].bytes.data(), where) << "taken over";
  EXPECT_EQ(request.frames[2].place, Place(std::uint32_t{3}));
  EXPECT_EQ(request.frames[2].bytes.size(), copied.size());
  EXPECT_EQ(request.frames[3].place, Place(std::uint32_t{4}));
  EXPECT_EQ(request.frames[4].place, Place(std::string("k")));
}

TEST(Arguments, SmallBytesAndThoseInsideStayInTheBody) {
  const auto small = encode_arguments(large(limits::frame_threshold_bytes - 1));
  EXPECT_TRUE(small.value().frames.empty());
  const auto inside = encode_arguments(std::vector{large()});
  EXPECT_TRUE(inside.value().frames.empty());
  EXPECT_GT(inside.value().args.size(), limits::frame_threshold_bytes);
}

void expect_refused(const Result<Request>& request, const char* text) {
  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.error().code, Code::invalid_argument);
  EXPECT_EQ(request.error().stage, Stage::arguments);
  EXPECT_EQ(request.error().certainty, Certainty::not_started);
  EXPECT_THAT(request.error().message, HasSubstr(text));
}

TEST(Arguments, TheOneThatDoesNotCrossIsNamed) {
  expect_refused(encode_arguments(1, "\xff"), "argument 2: a string that is not valid UTF-8");
  expect_refused(encode_arguments(std::map<std::string, std::vector<std::string>>{{"items", {"a", "\xff"}}}),
                 "argument 1: a string that is not valid UTF-8 (send bytes as clutch::Bytes) at $.items[1]");
  expect_refused(encode_arguments(1, kw("order", std::vector{"\xff"})), "argument 'order': a string");
  expect_refused(encode_arguments(static_cast<const char*>(nullptr)), "null pointer");
  EXPECT_TRUE(encode_arguments(1).ok()) << "and the next is well";
}

TEST(Arguments, AKeywordGivenTwiceIsRefused) {
  expect_refused(encode_arguments(kw("a", 1), kw("b", 1), kw("a", 2)), "'a' is given twice");
}

TEST(Arguments, AreBoundedInBytes) {
  const Bytes half = large(limits::payload_bytes_max / 2);
  expect_refused(encode_arguments(half, half), "at most 268435456 cross");
  EXPECT_TRUE(encode_arguments(half).ok());
}

TEST(Arguments, AreBoundedInDepthAsTheScannerCounts) {
  const auto nested = [](std::size_t levels) {
    Value value = Value::array({});
    for (std::size_t i = 1; i < levels; ++i) value = Value::array({std::move(value)});
    return value;
  };
  const auto request = encode_arguments(nested(limits::depth_max - 1));
  EXPECT_EQ(protocol::scan(request.value().args.bytes()), protocol::ScanError::none);
  expect_refused(encode_arguments(nested(limits::depth_max)), "deeper than 64");
}

struct Calling {
  int depth;
};

}  // namespace
}  // namespace clutch::testing_support

template <>
struct clutch::Codec<clutch::testing_support::Calling> {
  static void write(Writer& writer, const testing_support::Calling& value) {
    const auto inner = detail::encode_arguments(value.depth);
    writer.integer(static_cast<std::int64_t>(inner.value().args.size()));
  }
};

namespace clutch::testing_support {
namespace {

TEST(Arguments, ACodecMayMakeACallItself) {
  EXPECT_EQ(hex(encode_arguments(7, Calling{1}, 8).value().args.bytes()), "93070208");
}

TEST(Caller, HandsTheEngineWhatWasSaid) {
  ManualPool pool;
  auto call = pool.with({.timeout = std::chrono::seconds(3)}).call<int>("m.f", 1);
  const auto& submitted = pool.engine.at(0);
  EXPECT_EQ(submitted.function, "m.f");
  EXPECT_EQ(submitted.options.timeout, std::chrono::seconds(3));
  EXPECT_EQ(hex(submitted.request.args.bytes()), "9101");
}

TEST(Caller, WithJoinsOptions) {
  using std::chrono::seconds;
  const ManualPool pool;
  const Caller first = pool.with({.timeout = seconds(1), .metadata = {{"a", "1"}, {"b", "1"}}, .pool = "p"});
  const Caller second =
      first.with({.attempt_timeout = seconds(2), .retry = RetryPolicy{.attempts = 3}, .metadata = {{"b", "2"}}});
  const CallOptions& joined = second.options();
  EXPECT_EQ(joined.timeout, seconds(1));
  EXPECT_EQ(joined.attempt_timeout, seconds(2));
  EXPECT_EQ(joined.queue_timeout, std::nullopt);
  EXPECT_EQ(joined.retry->attempts, 3U);
  EXPECT_EQ(joined.metadata, (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(joined.pool, "p");
  EXPECT_EQ(first.options().attempt_timeout, std::nullopt) << "the first is as it was";
}

TEST(Caller, WhatDoesNotCrossNeverReachesTheEngine) {
  ManualPool pool;
  EXPECT_EQ(pool.call<int>("m.f", "\xff").get().error().code, Code::invalid_argument);
  EXPECT_EQ(pool.call<int>(std::string(300, 'x')).get().error().code, Code::not_found);
  EXPECT_EQ(pool.with({.metadata = {{"k", std::string(20'000, 'x')}}}).call<int>("m.f").get().error().stage,
            Stage::arguments);
  EXPECT_EQ(pool.with({.metadata = {{"k", "\xff"}}}).call<int>("m.f").get().error().code, Code::invalid_argument);
  EXPECT_TRUE(pool.engine.calls.empty());
}

TEST(Function, IsATypedHandle) {
  ManualPool pool;
  const auto task = pool.function<int(int, std::string)>("m.task");
  auto call = task(21, "x");
  EXPECT_EQ(pool.engine.at(0).function, "m.task");
  EXPECT_EQ(hex(pool.engine.at(0).request.args.bytes()), "9215a178");
  pool.engine.complete(0, reply(42));
  EXPECT_EQ(call.get().value(), 42);
  static_assert(std::is_invocable_v<decltype(task), int, const char*>);
  static_assert(!std::is_invocable_v<decltype(task), std::string, int>);
  static_assert(!std::is_invocable_v<decltype(task), int>);
}

}  // namespace
}  // namespace clutch::testing_support
