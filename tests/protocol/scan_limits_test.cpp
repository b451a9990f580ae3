// A few bytes must not cost memory, time or stack: what a peer declares is checked before anything is done about it.
#include <gtest/gtest.h>

#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/scan.hpp"
#include "clutch/protocol/writer.hpp"
#include "support/allocations.hpp"
#include "support/hex.hpp"

namespace clutch::protocol {
namespace {

using test::bytes_of_hex;

test::ByteVector nested(std::size_t depth, std::string_view head) {
  test::ByteVector bytes;
  const auto one = bytes_of_hex(head);
  for (std::size_t i = 0; i < depth; ++i) bytes.insert(bytes.end(), one.begin(), one.end());
  bytes.push_back(std::byte{0xc0});
  return bytes;
}

TEST(ScanDepth, IsTakenUpToTheLimitAndNoDeeper) {
  for (const std::string_view head : {"91", "81 01"}) {
    EXPECT_EQ(scan(nested(limits::depth_max, head)), ScanError::none) << head;
    EXPECT_EQ(scan(nested(limits::depth_max + 1, head)), ScanError::too_deep) << head;
  }
}

TEST(ScanDepth, OfMillionsIsRefusedWithoutRecursingIntoIt) {
  EXPECT_EQ(scan(nested(10'000'000, "91")), ScanError::too_deep);
}

TEST(ScanDepth, IsThatOfEachValueNotTheSum) {
  auto bytes = bytes_of_hex("dc 00 80");
  for (int i = 0; i < 128; ++i) {
    const auto one = nested(limits::depth_max - 1, "91");
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  EXPECT_EQ(scan(bytes), ScanError::none);
}

TEST(ScanElements, DeclaredBeyondTheLimitAreRefusedFromTheHeadAlone) {
  for (const std::string_view hex : {"dd ffffffff", "df ffffffff", "df 80000000", "dd 00400001", "92 dd 003fffff"}) {
    const auto bytes = bytes_of_hex(hex);
    const auto before = test::allocated_bytes();
    EXPECT_EQ(scan(bytes), ScanError::too_many_elements) << hex;
    EXPECT_EQ(test::allocated_bytes(), before) << hex;
  }
}

TEST(ScanElements, DeclaredWithinTheLimitMustBeThere) {
  EXPECT_EQ(scan(bytes_of_hex("dd 00400000")), ScanError::truncated);
  EXPECT_EQ(scan(bytes_of_hex("dc ffff 00")), ScanError::truncated);
  // Each fits what is left on its own, both together do not.
  EXPECT_EQ(scan(bytes_of_hex("92 92 00 00 93 00 00")), ScanError::truncated);
}

TEST(ScanElements, OfAllLevelsAreCounted) {
  const auto with_inner = [](std::size_t inner) {
    Writer writer;
    writer.array(2);
    writer.array(limits::elements_max / 2);
    for (std::size_t i = 0; i < limits::elements_max / 2; ++i) writer.nil();
    writer.array(inner);
    for (std::size_t i = 0; i < inner; ++i) writer.nil();
    return scan(writer.bytes());
  };
  EXPECT_EQ(with_inner(limits::elements_max / 2 - 2), ScanError::none);
  EXPECT_EQ(with_inner(limits::elements_max / 2 - 1), ScanError::too_many_elements);
}

TEST(ScanMemory, IsNotUsedForValuesWithoutLargeMaps) {
  Writer writer;
  writer.array(100'000);
  for (int i = 0; i < 100'000; ++i) {
    writer.map(1);
    writer.string("key");
    writer.uint(7);
  }
  const auto before = test::allocated_bytes();
  EXPECT_EQ(scan(writer.bytes()), ScanError::none);
  EXPECT_EQ(test::allocated_bytes(), before);
}

// A map that declares a million keys and has ten of them costs what ten cost.
TEST(ScanMemory, OfALargeMapGrowsWithTheKeysThatAreThere) {
  if (!test::counts_allocations) GTEST_SKIP() << "not counted under a sanitizer";
  auto bytes = bytes_of_hex("df 000f4240");
  for (int i = 0; i < 10; ++i) {
    bytes.push_back(static_cast<std::byte>(i));
    bytes.push_back(std::byte{0xc0});
  }
  bytes.push_back(std::byte{0x00});  // a key a second time, in a bin that makes up the bytes declared
  const auto body = bytes_of_hex("c6 00200000");
  bytes.insert(bytes.end(), body.begin(), body.end());
  bytes.resize(bytes.size() + 0x200000);
  const auto before = test::allocated_bytes();
  EXPECT_NE(scan(bytes), ScanError::none);
  EXPECT_LT(test::allocated_bytes() - before, 10'000u);
}

}  // namespace
}  // namespace clutch::protocol
