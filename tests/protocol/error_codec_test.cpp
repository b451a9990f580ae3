#include <gtest/gtest.h>

#include <string>

#include "clutch/protocol/limits.hpp"
#include "message.hpp"

namespace clutch::protocol {
namespace {

using namespace test;

std::optional<Error> through_the_wire(const Error& error) {
  Writer writer;
  write(writer, error);
  return read_error(writer.bytes());
}

TEST(ErrorCodec, CarriesEverything) {
  const auto error = whole_error();
  EXPECT_EQ(through_the_wire(error), error);
}

TEST(ErrorCodec, CarriesTheLeast) {
  const Error error;
  EXPECT_EQ(through_the_wire(error), error);
}

TEST(ErrorCodec, CarriesEachNameOfTheModel) {
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    for (int stage = 0; stage <= static_cast<int>(Stage::transport); ++stage) {
      for (int certainty = 0; certainty <= static_cast<int>(Certainty::started); ++certainty) {
        Error error;
        error.code = static_cast<Code>(code);
        error.stage = static_cast<Stage>(stage);
        error.certainty = static_cast<Certainty>(certainty);
        EXPECT_EQ(through_the_wire(error), error) << to_string(error.code) << ' ' << to_string(error.stage);
      }
    }
  }
}

TEST(ErrorCodec, CarriesEachFieldOnItsOwn) {
  const auto carries = [](auto change) {
    Error error;
    change(error);
    EXPECT_EQ(through_the_wire(error), error);
    EXPECT_NE(error, Error());
  };
  carries([](Error& error) { error.attempts = ~0ull; });
  carries([](Error& error) { error.retry_after_ms = 0; });
  carries([](Error& error) { error.signal = 9; });
  carries([](Error& error) { error.exit_code = 0; });
  carries([](Error& error) { error.python_stack = "x"; });
  carries([](Error& error) { error.collateral = true; });
  carries([](Error& error) { error.culprit = Culprit{"m.f", ~0ull}; });
  carries([](Error& error) { error.message = std::string("nul \0 and é", 12); });
  carries([](Error& error) { error.exception = std::make_shared<const PythonException>(); });
  carries([](Error& error) { error.exception = std::make_shared<const PythonException>(chain(0)); });
}

TEST(ErrorCodec, CarriesCausesUpToTheLimitAndNoMore) {
  Error error;
  error.exception = std::make_shared<const PythonException>(chain(limits::causes_max));
  EXPECT_EQ(through_the_wire(error), error);
  error.exception = std::make_shared<const PythonException>(chain(limits::causes_max + 1));
  EXPECT_EQ(through_the_wire(error), std::nullopt);
}

TEST(ErrorCodec, CarriesAGroupUpToTheLimitAndNoMore) {
  auto group = chain(0);
  group.group.assign(limits::group_members_max, chain(1));
  Error error;
  error.exception = std::make_shared<const PythonException>(group);
  EXPECT_EQ(through_the_wire(error), error);
  group.group.push_back(chain(0));
  error.exception = std::make_shared<const PythonException>(group);
  EXPECT_EQ(through_the_wire(error), std::nullopt);
}

TEST(ErrorCodec, RefusesTooManyBytes) {
  Error error;
  error.message.assign(limits::error_bytes_max, 'x');
  EXPECT_EQ(through_the_wire(error), std::nullopt);
  error.message.resize(limits::error_bytes_max - 200);
  EXPECT_EQ(through_the_wire(error), error);
}

// An error whose map the test writes: the four that are always there, and what `more` adds.
ByteVector error_with(std::size_t more_pairs, const std::function<void(Writer&)>& more, std::size_t leave_out = 4) {
  constexpr std::string_view always[][2] = {
      {"code", "failed"}, {"stage", "run"}, {"certainty", "started"}, {"message", "m"}};
  Writer writer;
  writer.map((leave_out < 4 ? 3u : 4u) + more_pairs);
  for (std::size_t i = 0; i < 4; ++i) {
    if (i == leave_out) continue;
    writer.string(always[i][0]);
    writer.string(always[i][1]);
  }
  more(writer);
  return {writer.bytes().begin(), writer.bytes().end()};
}

const auto nothing = [](Writer&) {};

TEST(ErrorCodec, NeedsTheFourThatAreAlwaysThere) {
  EXPECT_TRUE(read_error(error_with(0, nothing)));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_FALSE(read_error(error_with(0, nothing, i))) << i;
}

TEST(ErrorCodec, RefusesUnknownKeysAndKeysTwice) {
  EXPECT_FALSE(read_error(error_with(1, [](Writer& writer) { writer.string("colour"), writer.nil(); })));
  EXPECT_FALSE(read_error(error_with(1, [](Writer& writer) { writer.string("stage"), writer.string("run"); })));
  EXPECT_FALSE(read_error(error_with(1, [](Writer& writer) { writer.uint(1), writer.nil(); })));
  EXPECT_FALSE(read_error(error_with(1, [](Writer& writer) {
    writer.string("exception");
    writer.map(2);
    for (int twice = 0; twice < 2; ++twice) {
      writer.string("type");
      writer.string("KeyError");
    }
  })));
}

TEST(ErrorCodec, RefusesUnknownNamesAndOtherTypes) {
  for (std::size_t i = 0; i < 3; ++i) {
    constexpr std::string_view keys[] = {"code", "stage", "certainty"};
    EXPECT_FALSE(read_error(error_with(
        1, [&](Writer& writer) { writer.string(keys[i]), writer.string("oops"); }, i)));
    EXPECT_FALSE(read_error(error_with(
        1, [&](Writer& writer) { writer.string(keys[i]), writer.uint(0); }, i)));
  }
  for (const std::string_view key : {"attempts", "retry_after_ms", "signal", "exit_code", "python_stack", "collateral",
                                     "culprit", "culprit_call", "exception"}) {
    EXPECT_FALSE(read_error(error_with(1, [&](Writer& writer) { writer.string(key), writer.nil(); }))) << key;
  }
}

TEST(ErrorCodec, RefusesTextThatIsNotUtf8) {
  EXPECT_FALSE(read_error(error_with(1, [](Writer& writer) { writer.string("python_stack"), writer.string("\xff"); })));
  EXPECT_FALSE(read_error(error_with(
      1, [](Writer& writer) { writer.string("message"), writer.string("\xff"); }, 3)));
}

TEST(ErrorCodec, RefusesWhatIsNoErrorAtAll) {
  for (const std::string_view hex : {"", "c0", "80", "90", "a0", "01", "81", "df ffffffff"}) {
    EXPECT_FALSE(read_error(clutch::test::bytes_of_hex(hex))) << hex;
  }
  auto followed = error_with(0, nothing);
  followed.push_back(std::byte{0xc0});
  EXPECT_FALSE(read_error(followed));
}

TEST(ErrorCodec, RefusesEveryCut) {
  Writer writer;
  write(writer, whole_error());
  for (std::size_t size = 0; size < writer.size(); ++size) {
    EXPECT_FALSE(read_error(writer.bytes().first(size))) << size;
  }
}

}  // namespace
}  // namespace clutch::protocol
