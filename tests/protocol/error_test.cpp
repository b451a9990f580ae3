#include "clutch/protocol/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "message.hpp"

namespace clutch {
namespace {

using testing::HasSubstr;
using testing::Not;

template <class Enum, class From>
void expect_names(std::initializer_list<std::string_view> names, From from) {
  std::size_t value = 0;
  for (const auto name : names) {
    EXPECT_EQ(to_string(static_cast<Enum>(value)), name);
    EXPECT_EQ(from(name), static_cast<Enum>(value));
    ++value;
  }
  for (const std::string_view other : {"", "oops", "Failed", "failed "}) EXPECT_EQ(from(other), std::nullopt) << other;
}

TEST(ErrorNames, AreThoseOfTheProtocol) {
  expect_names<Code>({"failed", "invalid_argument", "not_found", "deadline_exceeded", "cancelled", "overloaded",
                      "unavailable", "worker_lost", "connection_lost", "quarantined", "unauthorized", "internal"},
                     code_from);
  expect_names<Stage>({"import", "setup", "queue", "lookup", "arguments", "run", "result", "transport"}, stage_from);
  expect_names<Certainty>({"not_started", "maybe_started", "started"}, certainty_from);
}

TEST(DescribedError, SaysAllThatIsKnown) {
  const auto text = describe(protocol::test::whole_error());
  for (const auto part : {"worker_lost", "stage run", "maybe_started", "3 attempts", "signal 11",
                          "ValueError: 2 behind it", "Segmentation", "4 more"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_FALSE(text.ends_with('\n'));
}

TEST(DescribedError, TellsCausesFirstAndInPythonsWords) {
  PythonException cause;
  cause.type = "KeyError";
  cause.message = "'x'";
  cause.notes = {"a note"};
  PythonException exception;
  exception.traceback = "Traceback (most recent call last):\n  File …\nValueError: bad\n";
  exception.cause = std::make_shared<const PythonException>(cause);
  Error error;
  error.code = Code::failed;
  error.stage = Stage::run;
  error.certainty = Certainty::started;
  error.message = "ValueError: bad";
  const auto described = [&](bool explicit_cause) {
    exception.explicit_cause = explicit_cause;
    error.exception = std::make_shared<const PythonException>(exception);
    return describe(error);
  };
  EXPECT_EQ(described(true),
            "failed (stage run, started): ValueError: bad\n"
            "KeyError: 'x'\n"
            "a note\n"
            "\n"
            "The above exception was the direct cause of the following exception:\n"
            "\n"
            "Traceback (most recent call last):\n"
            "  File …\n"
            "ValueError: bad");
  EXPECT_THAT(described(false), HasSubstr("During handling of the above exception, another exception occurred:"));
}

TEST(DescribedError, ShowsEachMemberOfAGroupIndented) {
  PythonException group;
  group.type = "ExceptionGroup";
  group.message = "two";
  group.group = {protocol::test::chain(0), protocol::test::chain(0)};
  Error error;
  error.exception = std::make_shared<const PythonException>(group);
  const auto text = describe(error);
  EXPECT_THAT(text, HasSubstr("ExceptionGroup: two\n  -------- 1 of the group --------\n  Traceback"));
  EXPECT_THAT(text,
              HasSubstr("\n  -------- 2 of the group --------\n  Traceback (most recent call last):\n  ValueError"));
}

TEST(DescribedError, OfOneAttemptDoesNotCountAttempts) {
  Error error;
  error.message = "no";
  EXPECT_THAT(describe(error), Not(HasSubstr("attempt")));
}

TEST(PythonExceptionEquality, LooksBehindPointers) {
  auto a = protocol::test::chain(2);
  auto b = protocol::test::chain(2);
  EXPECT_EQ(a, b);
  auto cause = *b.cause;
  cause.message = "other";
  b.cause = std::make_shared<const PythonException>(cause);
  EXPECT_NE(a, b);
  a.cause = nullptr;
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace clutch
