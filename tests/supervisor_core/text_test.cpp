// Durations as people write them, and what they may have meant.
#include <gtest/gtest.h>

#include "text/duration.hpp"
#include "text/nearest.hpp"

namespace clutch::text {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreReadAndWritten) {
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("0"), 0s);
  for (const char* bad : {"", "s", "10", "-1s", "1 s", "1d", "inf", "1e3s", "99999999999h"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(0s), "0s");
}

TEST(Durations, WithoutAUnitAreOfTheOneGiven) {
  EXPECT_EQ(parse_duration("1.5", "s"), 1500ms);
  EXPECT_EQ(parse_duration("3ms", "s"), 3ms);
  EXPECT_FALSE(parse_duration("3n", "s"));
}

TEST(Nearest, IsTheFirstOfTheNearest) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(nearest("runn", {"call", "run", "map"}, 2), "run");
  EXPECT_EQ(nearest("cap", {"map", "tap"}, 2), "map");
  EXPECT_FALSE(nearest("telephone", {"call", "run"}, 2));
  EXPECT_FALSE(nearest("x", {}, 9));
}

}  // namespace
}  // namespace clutch::text
