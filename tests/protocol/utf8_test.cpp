#include <gtest/gtest.h>

#include <string>

#include "clutch/protocol/scan.hpp"

namespace clutch::protocol {
namespace {

// By the definition (Unicode 15, D92), bit by bit: slow, and nothing like the code under test.
bool decodes(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto first = static_cast<unsigned char>(text[at++]);
    if (first < 0x80) continue;
    int more = 0;
    if (first >> 5 == 0b110) more = 1;
    if (first >> 4 == 0b1110) more = 2;
    if (first >> 3 == 0b11110) more = 3;
    if (more == 0) return false;
    char32_t code_point = first & (0xffu >> (more + 2));
    for (int i = 0; i < more; ++i, ++at) {
      if (at == text.size() || static_cast<unsigned char>(text[at]) >> 6 != 0b10) return false;
      code_point = code_point << 6 | (static_cast<unsigned char>(text[at]) & 0x3fu);
    }
    constexpr char32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (code_point < smallest[more] || code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff))
      return false;
  }
  return true;
}

TEST(Utf8, IsJudgedAsTheDefinitionDoesForEveryPairOfBytes) {
  for (unsigned pair = 0; pair < 0x10000; ++pair) {
    const std::string text = {static_cast<char>(pair >> 8), static_cast<char>(pair & 0xff)};
    ASSERT_EQ(valid_utf8(text), decodes(text)) << std::hex << pair;
  }
}

TEST(Utf8, IsJudgedAsTheDefinitionDoesForEveryLeadOfThreeAndFourBytes) {
  constexpr unsigned char borders[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
  for (unsigned first = 0xe0; first < 0x100; ++first) {
    for (unsigned second = 0; second < 0x100; ++second) {
      for (const auto third : borders) {
        for (const auto fourth : borders) {
          const std::string three = {static_cast<char>(first), static_cast<char>(second), static_cast<char>(third)};
          const auto four = three + static_cast<char>(fourth);
          ASSERT_EQ(valid_utf8(three), decodes(three)) << std::hex << first << ' ' << second << ' ' << unsigned{third};
          ASSERT_EQ(valid_utf8(four), decodes(four)) << std::hex << first << ' ' << second << ' ' << unsigned{third};
        }
      }
    }
  }
}

// Eight bytes are looked at together: a fault must be found at each place around them.
TEST(Utf8, FindsAFaultAtEveryPlace) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\xff';
      EXPECT_FALSE(valid_utf8(text)) << at << " of " << size;
    }
    EXPECT_TRUE(valid_utf8(std::string(size, 'a')));
  }
}

TEST(Utf8, TakesACharacterAtEveryPlaceAndNotHalfOfIt) {
  const std::string euro = "\xe2\x82\xac";
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after = 0; after < 20; ++after) {
      const auto text = std::string(before, 'a') + euro + std::string(after, 'a');
      EXPECT_TRUE(valid_utf8(text));
      EXPECT_EQ(valid_utf8(std::string_view(text).substr(0, text.size() - 1)), after != 0);
    }
  }
}

}  // namespace
}  // namespace clutch::protocol
