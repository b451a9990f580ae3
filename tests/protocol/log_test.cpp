#include <clutch/log.hpp>

#include <gtest/gtest.h>

namespace clutch {
namespace {

TEST(LogText, HasNoControlCharacterLeft) {
  EXPECT_EQ(escaped("a\nb\tc"), "a\\nb\\tc");
  EXPECT_EQ(escaped("\x1b[31mred\x1b[0m\r"), "\\x1b[31mred\\x1b[0m\\x0d");
  EXPECT_EQ(escaped(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
  for (int byte = 0; byte < 0x20; ++byte) {
    const char text = static_cast<char>(byte);
    for (const char left : escaped({&text, 1})) EXPECT_GE(left, 0x20);
  }
}

TEST(LogText, IsOtherwiseWhatItWas) {
  EXPECT_EQ(escaped("plain, with \"quotes\" and \\"), "plain, with \"quotes\" and \\");
  EXPECT_EQ(escaped("é\U0001F600"), "é\U0001F600");
  EXPECT_EQ(escaped(""), "");
}

}  // namespace
}  // namespace clutch
