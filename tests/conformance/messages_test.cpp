#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "clutch/protocol/records.hpp"
#include "record_vector.hpp"
#include "vectors.hpp"

namespace clutch::test {
namespace {

using nlohmann::json;
using protocol::Direction;
using protocol::Message;
using protocol::Refusal;

struct Received {
  ByteVector envelope;
  std::size_t payload_frames = 0;
  Direction direction{};
  std::uint64_t epoch = 0;

  explicit Received(const json& vector)
      : direction(direction_of(vector["link"].get<std::string>())), epoch(vector["epoch"].get<std::uint64_t>()) {
    const auto& frames = vector["frames"];
    if (frames.empty()) return;
    envelope = bytes_of_hex(frames[0].get<std::string>());
    payload_frames = frames.size() - 1;
  }
  Refusal read(Message& message) const { return message.read(envelope, payload_frames, direction, epoch); }
};

TEST(MessageVectors, AreReadAsWritten) {
  std::size_t read = 0;
  for (const auto& vector : vectors("messages.json")) {
    if (!vector["ok"].get<bool>()) continue;
    SCOPED_TRACE(vector["name"]);
    const Received received(vector);
    Message message;
    EXPECT_EQ(to_string(received.read(message)), "none");
    auto records = json::array();
    for (const auto& record : message.records) records.push_back(record_as_vector(record));
    EXPECT_EQ(records.dump(), json(vector["records"]).dump());
    ++read;
  }
  EXPECT_GT(read, 30u);
}

TEST(MessageVectors, ThatAreMalformedAreRefusedForTheirReason) {
  std::size_t refused = 0;
  for (const auto& vector : vectors("messages.json")) {
    if (vector["ok"].get<bool>()) continue;
    SCOPED_TRACE(vector["name"]);
    Message message;
    EXPECT_EQ(to_string(Received(vector).read(message)), vector["error"].get<std::string>());
    EXPECT_TRUE(message.records.empty());
    ++refused;
  }
  EXPECT_GT(refused, 80u);
}

// The writer's way back: the errors of the vectors, read and written again, are the errors that they were.
TEST(MessageVectors, HoldErrorsThatAreWrittenAsTheyWereRead) {
  std::size_t errors = 0;
  for (const auto& vector : vectors("messages.json")) {
    if (!vector["ok"].get<bool>()) continue;
    SCOPED_TRACE(vector["name"]);
    const Received received(vector);
    Message message;
    ASSERT_EQ(received.read(message), Refusal::none);
    for (const auto& record : message.records) {
      using enum protocol::RecordType;
      if (record.type != error && record.type != boot_failed && record.type != refused) continue;
      const auto first = protocol::read_error(record.field[0]);
      ASSERT_TRUE(first.has_value());
      protocol::Writer writer;
      write(writer, *first);
      EXPECT_EQ(protocol::read_error(writer.bytes()), first);
      ++errors;
    }
  }
  EXPECT_GE(errors, 3u);
}

}  // namespace
}  // namespace clutch::test
