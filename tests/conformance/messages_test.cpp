#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "clutch/protocol/records.hpp"
#include "vectors.hpp"

namespace clutch::test {
namespace {

using nlohmann::json;
using protocol::Cursor;
using protocol::Direction;
using protocol::Message;
using protocol::Refusal;

// "-in" is what a worker or a client receives, so a client's "-in" is what the daemon sends.
const std::map<std::string, Direction> directions = {{"worker-data-in", Direction::worker_data_in},
                                                     {"worker-data-out", Direction::worker_data_out},
                                                     {"worker-control-in", Direction::worker_control_in},
                                                     {"worker-control-out", Direction::worker_control_out},
                                                     {"client-in", Direction::client_out},
                                                     {"client-out", Direction::client_in}};

struct Received {
  ByteVector envelope;
  std::size_t payload_frames = 0;
  Direction direction{};
  std::uint64_t epoch = 0;

  explicit Received(const json& vector)
      : direction(directions.at(vector["link"])), epoch(vector["epoch"].get<std::uint64_t>()) {
    const auto& frames = vector["frames"];
    if (frames.empty()) return;
    envelope = bytes_of_hex(frames[0].get<std::string>());
    payload_frames = frames.size() - 1;
  }
  Refusal read(Message& message) const { return message.read(envelope, payload_frames, direction, epoch); }
};

// A record as the vectors write it, from what the reader made of it: its type, then its fields in order.
class AsVector {
 public:
  explicit AsVector(const protocol::Record& record)
      : record_(record), written_(json::array({static_cast<int>(record.type)})) {}

  json made() {
    using enum protocol::RecordType;
    switch (record_.type) {
      case boot:
      case boot_failed:
      case refused:
        return encoded(), written_;
      case run:
        return uints(4), body(), extras(), written_;
      case attach:
        return uints(2), text(), encoded(), written_;
      case registration:
        return encoded(), encoded(), written_;
      case result:
        return uints(1), encoded(), extras(), written_;
      case item:
        return uints(2), encoded(), extras(), written_;
      case error:
      case answer:
      case receipt:
        return uints(1), encoded(), written_;
      case begun:
      case end:
        return uints(2), written_;
      case credit:
        return uints(4), written_;
      case cancel:
        return uints(3), written_;
      case hello:
      case welcome:
        return uints(2), encoded(), written_;
      case call:
        return uints(1), text(), body(), extras(), written_;
      case query:
      case command:
        return uints(1), text(), encoded(), written_;
      case bye:
        return written_;
      default:
        return uints(1), written_;
    }
  }

 private:
  void uints(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) written_.push_back(record_.number[i]);
  }
  void text() { written_.push_back(record_.text(field_++)); }
  void body() { written_.push_back({{"bin", hex_of(record_.field[field_++])}}); }
  void encoded() {
    Cursor cursor(record_.field[field_++]);
    written_.push_back(plain_value(cursor));
  }
  void extras() {
    if (record_.has_extras) encoded();
  }

  const protocol::Record& record_;
  std::size_t field_ = 0;
  json written_;
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
    for (const auto& record : message.records) records.push_back(AsVector(record).made());
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
