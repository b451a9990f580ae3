#include "clutch/result.hpp"

#include "client_lib/support.hpp"

namespace clutch::testing_support {
namespace {

TEST(Result, IsAValueOrAnError) {
  const Result<int> good = 3;
  EXPECT_TRUE(good.ok());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(good.value(), 3);
  EXPECT_EQ(good.value_or(4), 3);
  const Result<int> bad = error_of(Code::overloaded);
  EXPECT_FALSE(bad.ok());
  EXPECT_FALSE(static_cast<bool>(bad));
  EXPECT_EQ(bad.error().code, Code::overloaded);
  EXPECT_EQ(bad.value_or(4), 4);
  EXPECT_NE(good, bad);
}

TEST(Result, ValueThrowsTheWholeText) {
  Error error = error_of(Code::failed, "it broke");
  auto exception = std::make_shared<PythonException>();
  exception->type = "ValueError";
  exception->traceback = "Traceback (most recent call last):\n  File \"m.py\", line 3, in f\nValueError: no\n";
  error.exception = exception;
  try {
    static_cast<void>(Result<int>(error).value());
    FAIL();
  } catch (const CallError& thrown) {
    EXPECT_EQ(thrown.what(), describe(error));
    EXPECT_THAT(thrown.what(), ::testing::HasSubstr("m.py"));
    EXPECT_EQ(thrown.error(), error);
  }
  EXPECT_THROW(Result<void>(error).value(), CallError);
}

TEST(Result, TheErrorOfASuccessIsMisuse) {
  EXPECT_THROW(static_cast<void>(Result<int>(1).error()), misuse);
  EXPECT_THROW(static_cast<void>(Result<void>().error()), misuse);
}

TEST(Result, OfWhatOnlyMoves) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  EXPECT_EQ(*std::move(result).value(), 3);
}

TEST(Result, MapsAndChains) {
  EXPECT_EQ(Result<int>(2).map([](int x) { return std::to_string(x); }).value(), "2");
  EXPECT_TRUE(Result<int>(2).map([](int) {}).ok());
  EXPECT_EQ(Result<int>(error_of(Code::failed)).map([](int x) { return x; }).error().code, Code::failed);
  const auto half = [](int x) -> Result<int> {
    if (x % 2 != 0) return error_of(Code::invalid_argument);
    return x / 2;
  };
  EXPECT_EQ(Result<int>(4).and_then(half).value(), 2);
  EXPECT_FALSE(Result<int>(3).and_then(half).ok());
  EXPECT_FALSE(Result<void>(error_of(Code::failed)).and_then([] { return Result<int>(1); }).ok());
}

TEST(Result, OfVoid) {
  EXPECT_TRUE(Result<void>().ok());
  EXPECT_NO_THROW(Result<void>().value());
  EXPECT_EQ(Result<void>(error_of(Code::failed)), Result<void>(error_of(Code::failed)));
  EXPECT_NE(Result<void>(error_of(Code::failed)), Result<void>());
}

}  // namespace
}  // namespace clutch::testing_support
