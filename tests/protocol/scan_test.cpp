#include "clutch/protocol/scan.hpp"

#include <gtest/gtest.h>

#include <string>

#include "clutch/protocol/writer.hpp"
#include "support/hex.hpp"

namespace clutch::protocol {
namespace {

using test::bytes_of_hex;

ScanError scan_hex(std::string_view hex) { return scan(bytes_of_hex(hex)); }

void expect(ScanError error, std::initializer_list<std::string_view> values) {
  for (const auto hex : values) EXPECT_EQ(to_string(scan_hex(hex)), to_string(error)) << hex;
}

TEST(Scan, TakesTheDomain) {
  expect(ScanError::none,
         {"c0", "c2", "c3", "00", "ff", "cf ffffffffffffffff", "d3 8000000000000000", "cb 7ff8000000000000",
          "ca 3fc00000", "a0", "a3 e282ac", "c4 00", "90", "80", "92 01 81 a1 61 91 c0", "d6 ff 00000000",
          "d7 ff ee6b27ff 00000000", "c7 0c ff 3b9ac9ff 8000000000000000"});
}

TEST(Scan, RefusesWhatEndsEarly) {
  expect(ScanError::truncated, {"", "91", "81 01", "a1", "c4 02 00", "cd 00", "92 c0", "92 91 c0", "d6 ff 0000", "d4"});
}

TEST(Scan, RefusesWhatFollows) { expect(ScanError::trailing_bytes, {"c0 c0", "90 00", "a1 61 61"}); }

TEST(Scan, RefusesTheReservedByteAnywhere) {
  expect(ScanError::reserved_byte, {"c1", "91 c1", "81 c1 00", "81 00 c1"});
}

TEST(Scan, RefusesOtherExtensionsAndOtherTimestamps) {
  expect(ScanError::unknown_ext, {"d4 00 00", "c7 00 ff", "d5 ff 0000", "91 d6 01 00000000", "81 d4 00 00 01",
                                  "d7 ff ee6b2800 00000000", "c7 0c ff 3b9aca00 0000000000000000"});
}

TEST(Scan, RefusesInvalidUtf8InValuesAndKeys) { expect(ScanError::invalid_utf8, {"a1 ff", "91 a1 80", "81 a1 ff 01"}); }

TEST(Scan, RefusesContainersAsKeys) { expect(ScanError::bad_key, {"81 90 01", "81 80 01", "82 01 02 91 01 03"}); }

TEST(Scan, RefusesAKeyTwiceWhateverItsWidth) {
  expect(ScanError::duplicate_key, {"82 01 00 01 00", "82 01 00 cc 01 00", "82 01 00 d3 0000000000000001 00",
                                    "82 a1 61 00 d9 01 61 00", "82 ca 3fc00000 00 cb 3ff8000000000000 00",
                                    "82 c0 00 c0 00", "82 c4 01 61 00 c5 0001 61 00", "91 82 a0 00 a0 00"});
}

// The same instant is one key in any of the three widths of a timestamp.
TEST(Scan, RefusesATimestampTwiceWhateverItsWidth) {
  expect(ScanError::duplicate_key,
         {"82 d6 ff 00000001 00 d6 ff 00000001 00", "82 d6 ff 00000001 00 c7 04 ff 00000001 00",
          "82 d6 ff 00000001 00 d7 ff 0000000000000001 00",
          "82 d7 ff 0000000000000001 00 c7 0c ff 00000000 0000000000000001 00"});
  expect(ScanError::none, {"82 d6 ff 00000001 00 d6 ff 00000002 00", "82 d6 ff 00000001 00 d7 ff 0000000400000001 00",
                           "82 c7 0c ff 00000000 ffffffffffffffff 00 c7 0c ff 00000001 ffffffffffffffff 00"});
}

TEST(Scan, TellsKeysOfDifferentTypesApart) {
  expect(ScanError::none,
         {"83 01 00 cb 3ff0000000000000 00 c3 00", "82 a1 61 00 c4 01 61 00",
          "82 cb 0000000000000000 00 cb 8000000000000000 00", "82 cf ffffffffffffffff 00 ff 00", "82 c2 00 00 00"});
}

TEST(Scan, AllowsTheSameKeyInMapsThatAreApart) {
  expect(ScanError::none, {"92 81 a1 61 01 81 a1 61 02", "81 a1 61 81 a1 61 01"});
}

// Small maps are compared in place, larger ones sorted: both sides of the border, the pair first, last and apart.
TEST(Scan, FindsADuplicateInMapsOfAnySize) {
  for (const std::size_t pairs : {2, 15, 16, 17, 18, 1000}) {
    for (const auto& [first, second] :
         {std::pair{std::size_t{0}, pairs - 1}, {std::size_t{0}, std::size_t{1}}, {pairs - 2, pairs - 1}}) {
      Writer writer;
      writer.map(pairs);
      for (std::size_t i = 0; i < pairs; ++i) {
        writer.string("key " + std::to_string(i == second ? first : i));
        writer.nil();
      }
      EXPECT_EQ(scan(writer.bytes()), ScanError::duplicate_key) << pairs << ": " << first << " and " << second;
    }
    Writer writer;
    writer.map(pairs);
    for (std::size_t i = 0; i < pairs; ++i) {
      writer.uint(i);
      writer.nil();
    }
    EXPECT_EQ(scan(writer.bytes()), ScanError::none) << pairs;
  }
}

TEST(Scan, NamesEachErrorAsTheVectorsDo) {
  EXPECT_EQ(to_string(ScanError::none), "none");
  EXPECT_EQ(to_string(ScanError::too_many_elements), "too_many_elements");
  EXPECT_EQ(to_string(ScanError::duplicate_key), "duplicate_key");
}

}  // namespace
}  // namespace clutch::protocol
