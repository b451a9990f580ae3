#include "clutch/protocol/records.hpp"

#include <gtest/gtest.h>

#include <string>

#include "clutch/protocol/limits.hpp"
#include "message.hpp"
#include "support/allocations.hpp"
#include "support/hex.hpp"

namespace clutch::protocol {
namespace {

using namespace test;
using clutch::test::bytes_of;
using clutch::test::bytes_of_hex;
using clutch::test::hex_of;
using enum Direction;

constexpr Direction every_direction[] = {worker_data_in,     worker_data_out, worker_control_in,
                                         worker_control_out, client_in,       client_out};

void write_strings(Writer& writer, std::initializer_list<std::string_view> strings) {
  writer.array(strings.size());
  for (const auto text : strings) writer.string(text);
}

void write_config(Writer& writer) {
  writer.map(9);
  writer.string("modules");
  write_strings(writer, {"shop"});
  writer.string("path");
  write_strings(writer, {"/srv"});
  for (const auto name : {"concurrency", "threads", "payload_bytes_max", "setup_by", "grace_ms"}) {
    writer.string(name);
    writer.uint(1000);
  }
  writer.string("pool");
  writer.string("default");
  writer.string("uvloop");
  writer.boolean(true);
}

void write_function(Writer& writer) {
  writer.map(7);
  for (const auto& [key, text] :
       {std::pair{"name", "shop.price"}, {"kind", "coroutine"}, {"signature", "()"}, {"doc", ""}, {"per", "worker"}}) {
    writer.string(key);
    writer.string(text);
  }
  writer.string("limit");
  writer.uint(0);
  writer.string("notes");
  write_strings(writer, {});
}

void write_uints(Writer& writer, std::initializer_list<std::pair<std::string_view, std::uint64_t>> entries) {
  for (const auto& [key, value] : entries) {
    writer.string(key);
    writer.uint(value);
  }
}

// One row of PROTOCOL.md's two tables: a record, where it belongs, and what is read back.
struct Row {
  std::string_view name;
  RecordType type;
  std::size_t fields;
  void (*write)(Writer&);
  std::vector<Direction> belongs;
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> field_hex;  // "" where the test only asks that it be there
};

const Row rows[] = {
    {"boot", RecordType::boot, 1, write_config, {worker_data_in}, {}, {""}},
    {"run",
     RecordType::run,
     5,
     [](Writer& writer) {
       for (const std::uint64_t number : {1, 42, 3, 1000}) writer.uint(number);
       writer.binary(bytes_of("\x91\x15"));
     },
     {worker_data_in},
     {1, 42, 3, 1000},
     {"9115"}},
    {"attach",
     RecordType::attach,
     4,
     [](Writer& writer) {
       writer.uint(1);
       writer.uint(4711);
       writer.string("3.11");
       writer.map(1);
       writer.string("pyzmq");
       writer.string("27");
     },
     {worker_data_out, worker_control_out},
     {1, 4711},
     {"332e3131", "81a570797a6d71a23237"}},
    {"registration",
     RecordType::registration,
     2,
     [](Writer& writer) {
       writer.array(1);
       write_function(writer);
       writer.array(1);
       write_strings(writer, {"shop.Order", "a class"});
     },
     {worker_data_out},
     {},
     {"", "9192aa73686f702e4f72646572a76120636c617373"}},
    {"boot_failed",
     RecordType::boot_failed,
     1,
     [](Writer& writer) { write(writer, whole_error()); },
     {worker_data_out},
     {},
     {""}},
    {"result",
     RecordType::result,
     2,
     [](Writer& writer) {
       writer.uint(42);
       writer.string("done");
     },
     {worker_data_out, client_out},
     {42},
     {"a4646f6e65"}},
    {"error",
     RecordType::error,
     2,
     [](Writer& writer) {
       writer.uint(42);
       write(writer, whole_error());
     },
     {worker_data_out, client_out},
     {42},
     {""}},
    {"begun",
     RecordType::begun,
     2,
     [](Writer& writer) { writer.uint(5), writer.uint(6); },
     {worker_data_out, worker_control_out},
     {5, 6},
     {}},
    {"cancel",
     RecordType::cancel,
     3,
     [](Writer& writer) { writer.uint(1), writer.uint(42), writer.uint(1); },
     {worker_control_in, client_in},
     {1, 42, 1},
     {}},
    {"ping",
     RecordType::ping,
     1,
     [](Writer& writer) { writer.uint(9); },
     {worker_control_in, client_in, client_out},
     {9},
     {}},
    {"pong",
     RecordType::pong,
     1,
     [](Writer& writer) { writer.uint(9); },
     {worker_control_out, client_in, client_out},
     {9},
     {}},
    {"stop", RecordType::stop, 1, [](Writer& writer) { writer.uint(~0ull); }, {worker_control_in}, {~0ull}, {}},
    {"hello",
     RecordType::hello,
     3,
     [](Writer& writer) {
       writer.uint(1);
       writer.uint(2);
       writer.map(3);
       writer.string("name");
       writer.string("host");
       write_uints(writer, {{"pid", 1}, {"window", 2}});
     },
     {client_in},
     {1, 2},
     {""}},
    {"welcome",
     RecordType::welcome,
     3,
     [](Writer& writer) {
       writer.uint(1);
       writer.uint(99);
       writer.map(4);
       writer.string("release");
       writer.string("0.1.0");
       write_uints(writer, {{"pid", 1}, {"window", 2}, {"payload_bytes_max", 3}});
     },
     {client_out},
     {1, 99},
     {""}},
    {"refused", RecordType::refused, 1, [](Writer& writer) { write(writer, whole_error()); }, {client_out}, {}, {""}},
    {"call",
     RecordType::call,
     3,
     [](Writer& writer) {
       writer.uint(42);
       writer.string("shop.price");
       writer.binary(bytes_of("\x90"));
     },
     {client_in},
     {42},
     {"73686f702e7072696365", "90"}},
    {"detach", RecordType::detach, 1, [](Writer& writer) { writer.uint(42); }, {client_in}, {42}, {}},
    {"window", RecordType::window, 1, [](Writer& writer) { writer.uint(65536); }, {client_in, client_out}, {65536}, {}},
    {"query",
     RecordType::query,
     3,
     [](Writer& writer) {
       writer.uint(1);
       writer.string("ps");
       writer.map(0);
     },
     {client_in},
     {1},
     {"7073", "80"}},
    {"command",
     RecordType::command,
     3,
     [](Writer& writer) {
       writer.uint(2);
       writer.string("drain");
       writer.map(0);
     },
     {client_in},
     {2},
     {"647261696e", "80"}},
    {"answer", RecordType::answer, 2, [](Writer& writer) { writer.uint(1), writer.nil(); }, {client_out}, {1}, {"c0"}},
    {"bye", RecordType::bye, 0, [](Writer&) {}, {client_in, client_out}, {}, {}},
};

class RecordRow : public testing::TestWithParam<Row> {
 protected:
  ByteVector message_ = message_of(GetParam().type, GetParam().fields, GetParam().write);
};

TEST_P(RecordRow, ReadsBackAsWritten) {
  const auto& row = GetParam();
  Message message;
  ASSERT_EQ(message.read(message_, 0, row.belongs[0], own_epoch), Refusal::none);
  ASSERT_EQ(message.records.size(), 1u);
  const auto& record = message.records[0];
  EXPECT_EQ(record.type, row.type);
  EXPECT_FALSE(record.has_extras);
  for (std::size_t i = 0; i < row.numbers.size(); ++i) EXPECT_EQ(record.number[i], row.numbers[i]) << i;
  for (std::size_t i = 0; i < row.field_hex.size(); ++i) {
    if (row.field_hex[i].empty()) {
      EXPECT_FALSE(record.field[i].empty()) << i;
    } else {
      EXPECT_EQ(hex_of(record.field[i]), row.field_hex[i]) << i;
    }
  }
}

TEST_P(RecordRow, IsReadOnItsOwnLanesOnly) {
  const auto& belongs = GetParam().belongs;
  for (const auto direction : every_direction) {
    const bool here = std::find(belongs.begin(), belongs.end(), direction) != belongs.end();
    EXPECT_EQ(read(message_, direction), here ? Refusal::none : Refusal::wrong_lane) << static_cast<int>(direction);
  }
}

TEST_P(RecordRow, IsRefusedCutAnywhere) {
  for (std::size_t size = 0; size < message_.size(); ++size) {
    const ByteVector cut(message_.begin(), message_.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(read(cut, GetParam().belongs[0]), Refusal::not_an_envelope) << size;
  }
}

TEST_P(RecordRow, IsRefusedWithAFieldMoreOrLess) {
  const auto& row = GetParam();
  const auto more = message_of(row.type, row.fields + 2, [&](Writer& writer) {
    row.write(writer);
    writer.nil();
    writer.nil();
  });
  EXPECT_EQ(read(more, row.belongs[0]), Refusal::wrong_arity);
  if (row.fields != 0) {
    const auto none = message_of(row.type, 0, [](Writer&) {});
    EXPECT_EQ(read(none, row.belongs[0]), Refusal::wrong_arity);
  }
}

// An extension fits no field but `any`.
TEST_P(RecordRow, IsRefusedWithAFieldOfAnotherType) {
  const auto& row = GetParam();
  if (row.fields == 0) return;
  const auto wrong = message_of(row.type, row.fields, [&](Writer& writer) {
    for (std::size_t i = 0; i < row.fields; ++i) writer.timestamp(1, 0);
  });
  EXPECT_EQ(read(wrong, row.belongs[0]), Refusal::wrong_field);
}

INSTANTIATE_TEST_SUITE_P(Each, RecordRow, testing::ValuesIn(rows),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Message, ReadsTheWorkedExamples) {
  Message message;
  const auto call = bytes_of_hex("93 01 07 96 02 01 2a 00 00 c4 02 91 15");
  ASSERT_EQ(message.read(call, 0, worker_data_in, 7), Refusal::none);
  ASSERT_EQ(message.records.size(), 1u);
  EXPECT_EQ(message.epoch, 7u);
  EXPECT_EQ(message.records[0].type, RecordType::run);
  EXPECT_EQ(message.records[0].number[1], 42u);
  EXPECT_EQ(hex_of(message.records[0].field[0]), "9115");

  const auto answer = bytes_of_hex("94 01 07 93 06 2a 2a 93 08 01 00");
  ASSERT_EQ(message.read(answer, 0, worker_data_out, 7), Refusal::none);
  ASSERT_EQ(message.records.size(), 2u);
  EXPECT_EQ(hex_of(message.records[0].field[0]), "2a");
  EXPECT_EQ(message.records[1].type, RecordType::begun);
  EXPECT_EQ(message.records[1].number[0], 1u);

  ASSERT_EQ(message.read(bytes_of_hex("93 01 07 94 09 01 2a 00"), 0, worker_control_in, 7), Refusal::none);
}

TEST(Message, LeavesNoRecordToActOnWhenALaterOneIsWrong) {
  Message message;
  EXPECT_EQ(message.read(bytes_of_hex("94 01 07 93 06 2a 2a 93 08 01 a1"), 0, worker_data_out, 7),
            Refusal::not_an_envelope);
  EXPECT_TRUE(message.records.empty());
  EXPECT_EQ(message.read(bytes_of_hex("94 01 07 93 06 2a 2a 93 08 01 c0"), 0, worker_data_out, 7),
            Refusal::wrong_field);
  EXPECT_TRUE(message.records.empty());
}

TEST(Message, TakesAnyEpochOnlyBeforeOneIsAgreed) {
  Message message;
  const auto bytes = bytes_of_hex("93 01 05 92 0a 01");
  EXPECT_EQ(message.read(bytes, 0, worker_control_in, std::nullopt), Refusal::none);
  EXPECT_EQ(message.epoch, 5u);
  EXPECT_EQ(message.read(bytes, 0, worker_control_in, 5), Refusal::none);
  EXPECT_EQ(message.read(bytes, 0, worker_control_in, 6), Refusal::wrong_epoch);
}

TEST(Message, TakesNoRecordsAtAll) { EXPECT_EQ(read(bytes_of_hex("92 01 07"), worker_data_in), Refusal::none); }

TEST(Message, IsReadAgainWithoutAllocating) {
  Message message;
  const auto bytes = bytes_of_hex("94 01 07 93 06 2a 2a 93 08 01 00");
  ASSERT_EQ(message.read(bytes, 0, worker_data_out, 7), Refusal::none);
  const auto before = clutch::test::allocated_bytes();
  ASSERT_EQ(message.read(bytes, 0, worker_data_out, 7), Refusal::none);
  EXPECT_EQ(clutch::test::allocated_bytes(), before);
}

TEST(Message, ThatDeclaresBillionsOfRecordsCostsNothing) {
  Message message;
  const auto bytes = bytes_of_hex("dd ffffffff 01 07");
  const auto before = clutch::test::allocated_bytes();
  EXPECT_EQ(message.read(bytes, 0, worker_data_in, 7), Refusal::not_an_envelope);
  EXPECT_EQ(clutch::test::allocated_bytes(), before);
}

TEST(Message, HoldsSoManyRecordsAndNoMore) {
  const auto with = [](std::size_t records) {
    Envelope envelope;
    envelope.begin(own_epoch);
    for (std::size_t i = 0; i < records; ++i) envelope.record(RecordType::ping, 1).uint(i);
    const auto bytes = envelope.finish();
    return ByteVector(bytes.begin(), bytes.end());
  };
  EXPECT_EQ(read(with(limits::records_per_message_max), worker_control_in), Refusal::none);
  EXPECT_EQ(read(with(limits::records_per_message_max + 1), worker_control_in), Refusal::over_limit);
}

TEST(Message, NamesEachRefusalAsTheVectorsDo) {
  EXPECT_EQ(to_string(Refusal::none), "none");
  EXPECT_EQ(to_string(Refusal::not_an_envelope), "not_an_envelope");
  EXPECT_EQ(to_string(Refusal::over_limit), "over_limit");
}

TEST(Envelope, IsFullAtTheLimitsOfAMessage) {
  Envelope envelope;
  envelope.begin(1);
  EXPECT_FALSE(envelope.full());
  for (std::size_t i = 0; i < limits::records_per_message_max; ++i) {
    EXPECT_FALSE(envelope.full());
    envelope.record(RecordType::ping, 1).uint(i);
  }
  EXPECT_TRUE(envelope.full());
  EXPECT_EQ(envelope.records(), limits::records_per_message_max);
  envelope.begin(1);
  EXPECT_FALSE(envelope.full());
  EXPECT_EQ(envelope.records(), 0u);
  envelope.record(RecordType::result, 2).uint(1);
  envelope.record(RecordType::result, 2).binary(ByteVector(limits::envelope_bytes_soft));
  EXPECT_TRUE(envelope.full());
}

}  // namespace
}  // namespace clutch::protocol
