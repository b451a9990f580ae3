// What the daemon keeps of a client's streams, and how much of their credit it passes on.
#include <gtest/gtest.h>

#include <cmath>

#include "io/gate_client.hpp"

namespace clutch::io {
namespace {

using namespace std::chrono_literals;
using protocol::RecordType;

constexpr std::uint64_t plenty = std::uint64_t{1} << 40;

StreamItems items_of(std::uint64_t first, std::uint32_t count, std::size_t bytes = 0) {
  protocol::Writer writer;
  writer.array(count);
  for (std::uint32_t i = 0; i < count; ++i) writer.nil();
  StreamItems items;
  items.first = first;
  items.count = count;
  items.body = writer.blob();
  if (bytes != 0) items.frames.push_back({Place(std::uint32_t{0}), Bytes(std::vector<std::byte>(bytes))});
  return items;
}

TEST(GateStreams, PassesOnWhatIsWithinItsShare) {
  GateStreams streams;
  auto stream = streams.begin({100, 1000});
  EXPECT_EQ(stream.granted, (StreamCredit{100, 1000}));
  EXPECT_EQ(streams.raise(stream, false), std::nullopt);
  stream.given = {200, 2000};
  EXPECT_EQ(streams.raise(stream, false), (StreamCredit{200, 2000}));
}

TEST(GateStreams, NeverGrantsMoreThanWasGiven) {
  GateStreams streams;
  auto stream = streams.begin({5, 1000});
  stream.on_items(items_of(0, 5, 900));
  EXPECT_EQ(streams.raise(stream, false), std::nullopt);
  EXPECT_EQ(stream.granted, (StreamCredit{5, 1000}));
}

TEST(GateStreams, GrantsFurtherAsItemsCome) {
  GateStreams streams;
  auto stream = streams.begin({plenty, plenty});
  EXPECT_EQ(stream.granted.bytes, limits::client_stream_bytes);
  stream.on_items(items_of(0, 1, limits::client_stream_bytes / 4));
  EXPECT_EQ(streams.raise(stream, false), std::nullopt);  // not for every ITEM
  stream.on_items(items_of(1, 1, limits::client_stream_bytes / 2));
  const auto raised = streams.raise(stream, false);
  ASSERT_TRUE(raised);
  EXPECT_EQ(raised->bytes, stream.bytes + limits::client_stream_bytes);
}

TEST(GateStreams, GrantsNothingWhileRepliesPileUp) {
  GateStreams streams;
  auto stream = streams.begin({10, 100});
  stream.given = {20, 200};
  EXPECT_EQ(streams.raise(stream, true), std::nullopt);
  EXPECT_EQ(streams.raise(stream, false), (StreamCredit{20, 200}));
}

TEST(GateStreams, BoundsWhatIsUnderWayHoweverManyThereAre) {
  GateStreams streams;
  double under_way = 0;
  constexpr int count = 4000;
  for (int i = 0; i < count; ++i) under_way += static_cast<double>(streams.begin({plenty, plenty}).granted.bytes);
  EXPECT_LE(under_way, static_cast<double>(limits::client_stream_bytes) * (1 + std::log(count)));
}

TEST(GateStreams, ALargeItemLeavesNoStreamStandingStill) {
  GateStreams streams;
  std::vector<GateStream> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(streams.begin({plenty, plenty}));
  auto& last = many.back();
  for (std::uint64_t i = 0; i < 10; ++i) {
    last.on_items(items_of(i, 1, std::size_t{1} << 20));  // goes beyond its share, as one item may
    const auto raised = streams.raise(last, false);
    ASSERT_TRUE(raised);
    EXPECT_GT(raised->bytes, last.bytes);
  }
}

class GateStreamReplies : public testing::Test {
 protected:
  GateStreamReplies() {
    client.calls.emplace(1, CallUnderWay{.pool = 0, .call = {}, .stream = client.streams.begin({100, 1000})});
  }
  void yields(std::uint32_t count) {
    auto& stream = *client.calls.at(1).stream;
    auto items = items_of(stream.items, count);
    stream.on_items(items);
    client.items(1, std::move(items));
  }
  /// Type and, of ITEM and END, the second number, of what goes now.
  std::vector<std::pair<RecordType, std::uint64_t>> sent() {
    std::vector<std::pair<RecordType, std::uint64_t>> records;
    ClientMessage out;
    while (client.next_message(77, out, now)) {
      counted = counted || out.counted;
      protocol::Message message;
      EXPECT_EQ(message.read(out.envelope.finish(), out.frames.size(), protocol::Direction::client_out, 77),
                protocol::Refusal::none);
      for (const auto& record : message.records) records.emplace_back(record.type, record.number[1]);
    }
    return records;
  }

  GateClient client{core::SessionId{1}, "client", 1, 1 << 20};
  core::Time now{1s};
  bool counted = false;
};

TEST_F(GateStreamReplies, GoInTheirOrderAndEndWithTheirNumber) {
  yields(2);
  yields(3);
  client.reply(1, Reply{});
  const std::vector<std::pair<RecordType, std::uint64_t>> expected = {
      {RecordType::item, 0}, {RecordType::item, 2}, {RecordType::end, 5}};
  EXPECT_EQ(sent(), expected);
  EXPECT_TRUE(counted);
  EXPECT_EQ(client.streams.streams(), 0u);
  EXPECT_TRUE(client.calls.empty());
}

TEST_F(GateStreamReplies, EndWithTheirError) {
  yields(2);
  client.reply(1, Error{});
  const auto records = sent();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].first, RecordType::error);
}

TEST_F(GateStreamReplies, CountAsWhatWaits) {
  EXPECT_EQ(client.waiting_bytes(), 0u);
  yields(50);
  EXPECT_GE(client.waiting_bytes(), 50u);
  sent();
  EXPECT_EQ(client.waiting_bytes(), 0u);
}

TEST_F(GateStreamReplies, ReceiptsGoBesideThemAndAreBounded) {
  ASSERT_TRUE(client.on_receipt_wanted());
  client.receipt(core::ReceiptId{5}, CancelReceipt{.what = CancelEnd::unwound});
  const auto records = sent();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].first, RecordType::receipt);
  EXPECT_FALSE(counted);
  for (std::size_t i = 0; i < limits::client_receipts_max; ++i) ASSERT_TRUE(client.on_receipt_wanted());
  EXPECT_FALSE(client.on_receipt_wanted());
}

}  // namespace
}  // namespace clutch::io
