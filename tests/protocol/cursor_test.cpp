#include "clutch/protocol/cursor.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "support/allocations.hpp"
#include "support/hex.hpp"

namespace clutch::protocol {
namespace {

using test::bytes_of_hex;
using test::hex_of;

struct Case {
  std::string_view name;
  std::string hex;
  Type type;
  std::uint64_t bits = 0;
  std::string body = {};
};

std::uint64_t twos(std::int64_t value) { return static_cast<std::uint64_t>(value); }

const Case heads[] = {
    {"nil", "c0", Type::nil},
    {"no", "c2", Type::boolean, 0},
    {"yes", "c3", Type::boolean, 1},
    {"fixint_0", "00", Type::positive, 0},
    {"fixint_127", "7f", Type::positive, 127},
    {"uint8", "cc ff", Type::positive, 255},
    {"uint16", "cd 01 02", Type::positive, 0x0102},
    {"uint32", "ce 01 02 03 04", Type::positive, 0x01020304},
    {"uint64", "cf 01 02 03 04 05 06 07 08", Type::positive, 0x0102030405060708},
    {"uint64_largest", "cf ff ff ff ff ff ff ff ff", Type::positive, std::numeric_limits<std::uint64_t>::max()},
    {"negative_fixint_1", "ff", Type::negative, twos(-1)},
    {"negative_fixint_32", "e0", Type::negative, twos(-32)},
    {"int8", "d0 80", Type::negative, twos(-128)},
    {"int16", "d1 ff 7f", Type::negative, twos(-129)},
    {"int32", "d2 80 00 00 00", Type::negative, twos(std::numeric_limits<std::int32_t>::min())},
    {"int64", "d3 80 00 00 00 00 00 00 00", Type::negative, twos(std::numeric_limits<std::int64_t>::min())},
    {"int8_that_is_positive", "d0 7f", Type::positive, 127},
    {"int64_that_is_positive", "d3 00 00 00 00 00 00 00 05", Type::positive, 5},
    {"float64", "cb 3f f8 00 00 00 00 00 00", Type::real, 0x3ff8000000000000},
    {"float32_is_widened", "ca 3f c0 00 00", Type::real, 0x3ff8000000000000},
    {"fixstr", "a2 68 69", Type::string, 2, "6869"},
    {"str8", "d9 01 61", Type::string, 1, "61"},
    {"str16", "da 00 01 61", Type::string, 1, "61"},
    {"str32", "db 00 00 00 01 61", Type::string, 1, "61"},
    {"bin8", "c4 02 01 02", Type::binary, 2, "0102"},
    {"bin16", "c5 00 01 09", Type::binary, 1, "09"},
    {"bin32", "c6 00 00 00 00", Type::binary, 0, ""},
    {"fixarray", "92", Type::array, 2},
    {"array16", "dc 00 02", Type::array, 2},
    {"array32", "dd 00 00 00 02", Type::array, 2},
    {"fixmap", "82", Type::map, 2},
    {"map16", "de 00 02", Type::map, 2},
    {"map32", "df 00 00 00 02", Type::map, 2},
    {"fixext1", "d4 05 aa", Type::extension, 0, "aa"},
    {"fixext16", "d8 05 00112233445566778899aabbccddeeff", Type::extension, 0, "00112233445566778899aabbccddeeff"},
    {"ext8", "c7 02 05 aa bb", Type::extension, 0, "aabb"},
    {"ext16", "c8 00 01 05 aa", Type::extension, 0, "aa"},
    {"ext32", "c9 00 00 00 00 05", Type::extension, 0, ""},
};

class CursorReads : public testing::TestWithParam<Case> {};

// What a container holds follows: enough of it that the head is believed.
test::ByteVector with_content(const Case& it) {
  auto bytes = bytes_of_hex(it.hex);
  if (it.type == Type::array) bytes.resize(bytes.size() + it.bits, std::byte{0xc0});
  if (it.type == Type::map) bytes.resize(bytes.size() + 2 * it.bits, std::byte{0xc0});
  return bytes;
}

TEST_P(CursorReads, TheHead) {
  const auto& it = GetParam();
  const auto bytes = with_content(it);
  Cursor cursor(bytes);
  Head head;
  ASSERT_TRUE(cursor.next(head));
  EXPECT_EQ(head.type, it.type);
  const bool has_body = it.type == Type::string || it.type == Type::binary || it.type == Type::extension;
  if (has_body) {
    EXPECT_EQ(hex_of(head.bytes), it.body);
  } else {
    EXPECT_EQ(head.bits, it.bits);
  }
  if (it.type == Type::extension) {
    EXPECT_EQ(head.extension_type, 5);
  }
  EXPECT_EQ(cursor.rest().size(), bytes.size() - bytes_of_hex(it.hex).size());
}

TEST_P(CursorReads, NothingOfAnyCutHead) {
  const auto bytes = with_content(GetParam());
  const std::span all(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Cursor cursor(all.first(size));
    Head head;
    EXPECT_FALSE(cursor.next(head)) << size << " bytes";
    EXPECT_EQ(cursor.rest().size(), size) << "it moved";
  }
}

TEST_P(CursorReads, OverTheValueAsAWhole) {
  auto bytes = with_content(GetParam());
  const auto size = bytes.size();
  bytes.push_back(std::byte{0x01});
  Cursor cursor(bytes);
  std::span<const std::byte> value;
  ASSERT_TRUE(cursor.skip(value));
  EXPECT_EQ(value.size(), size);
  EXPECT_EQ(cursor.rest().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Each, CursorReads, testing::ValuesIn(heads),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Cursor, PeeksWithoutMoving) {
  const auto bytes = bytes_of_hex("07");
  const Cursor cursor(bytes);
  Head head;
  ASSERT_TRUE(cursor.peek(head));
  EXPECT_EQ(head.bits, 7u);
  EXPECT_EQ(cursor.rest().size(), 1u);
}

TEST(Cursor, RefusesTheReservedByte) {
  const auto bytes = bytes_of_hex("c1");
  Cursor cursor(bytes);
  Head head;
  EXPECT_FALSE(cursor.next(head));
}

TEST(Cursor, ReadsANegativeExtensionType) {
  const auto bytes = bytes_of_hex("d6 ff 00000000");
  Cursor cursor(bytes);
  Head head;
  ASSERT_TRUE(cursor.next(head));
  EXPECT_EQ(head.extension_type, -1);
}

TEST(Cursor, KeepsTheSignOfZeroAndWidensNanAndInfinity) {
  for (const std::string_view hex : {"cb 80 00 00 00 00 00 00 00", "ca 80 00 00 00"}) {
    const auto bytes = bytes_of_hex(hex);
    Cursor cursor(bytes);
    Head head;
    ASSERT_TRUE(cursor.next(head));
    EXPECT_EQ(head.bits, 0x8000000000000000u);
    EXPECT_EQ(head.real(), 0.0);
  }
  const auto bytes = bytes_of_hex("ca 7f 80 00 00");
  Cursor cursor(bytes);
  Head head;
  ASSERT_TRUE(cursor.next(head));
  EXPECT_EQ(head.real(), std::numeric_limits<double>::infinity());
}

// A typed read of another type neither succeeds nor moves.
TEST(Cursor, LeavesWhatIsOfAnotherType) {
  const auto wanted = [](const Case& it, Cursor& cursor) {
    std::uint64_t number = 0;
    std::size_t count = 0;
    std::string_view text;
    std::span<const std::byte> bytes;
    bool flag = false;
    return (it.type != Type::positive && cursor.uint(number)) || (it.type != Type::array && cursor.array(count)) ||
           (it.type != Type::map && cursor.map(count)) || (it.type != Type::string && cursor.string(text)) ||
           (it.type != Type::binary && cursor.binary(bytes)) || (it.type != Type::boolean && cursor.boolean(flag)) ||
           (it.type != Type::nil && cursor.nil());
  };
  for (const auto& it : heads) {
    const auto bytes = with_content(it);
    Cursor cursor(bytes);
    EXPECT_FALSE(wanted(it, cursor)) << it.name;
    EXPECT_EQ(cursor.rest().size(), bytes.size()) << it.name;
  }
}

TEST(Cursor, ReadsInSequence) {
  const auto bytes = bytes_of_hex("93 07 a1 61 81 c4 01 ff c3");
  Cursor cursor(bytes);
  std::size_t count = 0;
  std::uint64_t number = 0;
  std::string_view text;
  std::span<const std::byte> body;
  bool flag = false;
  EXPECT_TRUE(cursor.array(count) && count == 3);
  EXPECT_TRUE(cursor.uint(number) && number == 7);
  EXPECT_TRUE(cursor.string(text) && text == "a");
  EXPECT_TRUE(cursor.map(count) && count == 1);
  EXPECT_TRUE(cursor.binary(body) && body.size() == 1);
  EXPECT_TRUE(cursor.boolean(flag) && flag);
  EXPECT_TRUE(cursor.at_end());
}

TEST(CursorSkip, StepsOverNestingOfAnyDepthWithoutAllocating) {
  test::ByteVector bytes(2'000'000, std::byte{0x91});
  bytes.push_back(std::byte{0xc0});
  Cursor cursor(bytes);
  std::span<const std::byte> value;
  const auto before = test::allocated_bytes();
  EXPECT_TRUE(cursor.skip(value));
  EXPECT_EQ(test::allocated_bytes(), before);
  EXPECT_EQ(value.size(), bytes.size());
}

TEST(CursorSkip, StaysWhereAValueInsideIsCut) {
  for (const std::string_view hex : {"92 01", "81 a1 61", "92 01 c1", "91 a2 61", "92 92 01 02"}) {
    const auto bytes = bytes_of_hex(hex);
    Cursor cursor(bytes);
    std::span<const std::byte> value;
    EXPECT_FALSE(cursor.skip(value)) << hex;
    EXPECT_EQ(cursor.rest().size(), bytes.size()) << hex;
  }
}

// Every head can declare 2^32-1 elements; together they must not wrap around.
TEST(CursorSkip, AddsUpWhatIsDeclaredWithoutWrapping) {
  test::ByteVector bytes;
  for (int i = 0; i < 64; ++i) {
    const auto head = bytes_of_hex("df ff ff ff ff");
    bytes.insert(bytes.end(), head.begin(), head.end());
  }
  Cursor cursor(bytes);
  std::span<const std::byte> value;
  EXPECT_FALSE(cursor.skip(value));
}

}  // namespace
}  // namespace clutch::protocol
