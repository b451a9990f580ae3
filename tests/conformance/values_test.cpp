#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "clutch/protocol/scan.hpp"
#include "vectors.hpp"

namespace clutch::test {
namespace {

using protocol::Cursor;
using protocol::scan;

TEST(ValueVectors, AreReadAsWritten) {
  std::size_t read = 0;
  for (const auto& vector : vectors("values.json")) {
    if (!vector["ok"].get<bool>()) continue;
    SCOPED_TRACE(vector["name"]);
    const auto bytes = bytes_of_hex(vector["hex"].get<std::string>());
    EXPECT_EQ(to_string(scan(bytes)), "none");
    if (!vector.contains("value")) continue;
    Cursor cursor(bytes);
    EXPECT_EQ(tagged_value(cursor).dump(), vector["value"].dump());
    EXPECT_TRUE(cursor.at_end());
    ++read;
  }
  EXPECT_GT(read, 80u);
}

TEST(ValueVectors, ThatAreMalformedAreRefusedForTheirReason) {
  std::size_t refused = 0;
  for (const auto& vector : vectors("values.json")) {
    if (vector["ok"].get<bool>()) continue;
    SCOPED_TRACE(vector["name"]);
    const auto bytes = bytes_of_hex(vector["hex"].get<std::string>());
    EXPECT_EQ(to_string(scan(bytes)), vector["error"].get<std::string>());
    ++refused;
  }
  EXPECT_GT(refused, 80u);
}

}  // namespace
}  // namespace clutch::test
