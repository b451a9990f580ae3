// The optional last field of RUN, CALL and RESULT, and the payload frames that records name.
#include <gtest/gtest.h>

#include <string>

#include "clutch/protocol/limits.hpp"
#include "message.hpp"

namespace clutch::protocol {
namespace {

using namespace test;
using clutch::test::bytes_of;
using clutch::test::hex_of;
using clutch::test::text_of;
using enum Direction;

using Write = std::function<void(Writer&)>;
struct Entry {
  std::string_view key;
  Write write;
};

Write number(std::uint64_t value) {
  return [=](Writer& writer) { writer.uint(value); };
}
Write text(std::string_view value) {
  return [=](Writer& writer) { writer.string(value); };
}
Write flag(bool value) {
  return [=](Writer& writer) { writer.boolean(value); };
}
Write names(std::vector<std::pair<std::uint64_t, std::uint64_t>> places) {
  return [=](Writer& writer) {
    writer.array(places.size());
    for (const auto& [place, frame] : places) {
      writer.array(2);
      writer.uint(place);
      writer.uint(frame);
    }
  };
}
Write metadata(std::vector<std::pair<std::string, std::string>> entries) {
  return [=](Writer& writer) {
    writer.map(entries.size());
    for (const auto& [key, value] : entries) {
      writer.string(key);
      writer.string(value);
    }
  };
}

void write_extras(Writer& writer, const std::vector<Entry>& entries) {
  writer.map(entries.size());
  for (const auto& entry : entries) {
    writer.string(entry.key);
    entry.write(writer);
  }
}

ByteVector run_with(const std::vector<Entry>& entries) {
  return message_of(RecordType::run, 6, [&](Writer& writer) {
    for (const std::uint64_t field : {1, 42, 0, 0}) writer.uint(field);
    writer.binary(bytes_of("\x90"));
    write_extras(writer, entries);
  });
}

ByteVector call_with(const std::vector<Entry>& entries) {
  return message_of(RecordType::call, 4, [&](Writer& writer) {
    writer.uint(42);
    writer.string("shop.price");
    writer.binary(bytes_of("\x90"));
    write_extras(writer, entries);
  });
}

const Write kwargs = [](Writer& writer) { writer.binary(bytes_of("\x81\xa1n\x02")); };

TEST(Extras, OfARunAreReadBack) {
  const auto bytes = run_with({{"kwargs", kwargs},
                               {"frames", names({{0, 1}})},
                               {"metadata", metadata({{"trace", "abc"}})},
                               {"attempt", number(2)},
                               {"deadline", number(~0ull)}});
  Message message;
  ASSERT_EQ(message.read(bytes, 1, worker_data_in, own_epoch), Refusal::none);
  ASSERT_TRUE(message.records[0].has_extras);
  const auto extras = extras_of(message.records[0]);
  EXPECT_EQ(hex_of(extras.kwargs), "81a16e02");
  EXPECT_EQ(hex_of(extras.metadata), "81a57472616365a3616263");
  EXPECT_EQ(extras.attempt, 2u);
  EXPECT_EQ(extras.deadline, ~0ull);
}

TEST(Extras, OfACallAreReadBack) {
  const auto bytes = call_with({{"kwargs", kwargs},
                                {"timeout", number(10)},
                                {"queue_timeout", number(20)},
                                {"attempt_timeout", number(30)},
                                {"pool", text("gpu")},
                                {"idempotency_key", text("order-17")},
                                {"detached", flag(true)}});
  Message message;
  ASSERT_EQ(message.read(bytes, 0, client_in, own_epoch), Refusal::none);
  const auto extras = extras_of(message.records[0]);
  EXPECT_EQ(hex_of(extras.kwargs), "81a16e02");
  EXPECT_EQ(extras.timeout, 10u);
  EXPECT_EQ(extras.queue_timeout, 20u);
  EXPECT_EQ(extras.attempt_timeout, 30u);
  EXPECT_EQ(extras.pool, "gpu");
  EXPECT_EQ(extras.idempotency_key, "order-17");
  EXPECT_TRUE(extras.detached);
}

TEST(Extras, HaveDefaultsWhereTheyAreLeftOut) {
  for (const auto& bytes : {call_with({}), message_of(RecordType::call, 3, [](Writer& writer) {
                              writer.uint(42);
                              writer.string("shop.price");
                              writer.binary(bytes_of("\x90"));
                            })}) {
    Message message;
    ASSERT_EQ(message.read(bytes, 0, client_in, own_epoch), Refusal::none);
    const auto extras = extras_of(message.records[0]);
    EXPECT_TRUE(extras.kwargs.empty());
    EXPECT_TRUE(extras.metadata.empty());
    EXPECT_EQ(extras.attempt, 1u);
    EXPECT_EQ(extras.deadline, 0u);
    EXPECT_FALSE(extras.attempt_timeout.has_value());
    EXPECT_EQ(extras.pool, "");
    EXPECT_FALSE(extras.detached);
  }
}

TEST(Extras, OfACallAreUnknownInARun) {
  for (const auto& entry :
       {Entry{"timeout", number(1)}, Entry{"queue_timeout", number(1)}, Entry{"attempt_timeout", number(1)},
        Entry{"pool", text("x")}, Entry{"detached", flag(true)}, Entry{"idempotency_key", text("k")}}) {
    EXPECT_EQ(read(run_with({entry}), worker_data_in), Refusal::wrong_field) << entry.key;
    EXPECT_EQ(read(call_with({entry}), client_in), Refusal::none) << entry.key;
  }
}

TEST(Extras, AreRefusedWithAnUnknownKey) {
  EXPECT_EQ(read(run_with({{"priority", number(1)}}), worker_data_in), Refusal::wrong_field);
}

TEST(Extras, AreRefusedWithAKeyTwice) {
  for (const auto& entry :
       {Entry{"kwargs", kwargs}, Entry{"metadata", metadata({})}, Entry{"attempt", number(1)},
        Entry{"deadline", number(1)}, Entry{"timeout", number(1)}, Entry{"queue_timeout", number(1)},
        Entry{"attempt_timeout", number(1)}, Entry{"pool", text("x")}, Entry{"detached", flag(false)},
        Entry{"frames", names({})}, Entry{"idempotency_key", text("k")}}) {
    EXPECT_EQ(read(call_with({entry}), client_in), Refusal::none) << entry.key;
    EXPECT_EQ(read(call_with({entry, entry}), client_in), Refusal::wrong_field) << entry.key;
  }
}

TEST(Extras, AreRefusedWithAValueOfAnotherType) {
  const Write nothing = [](Writer& writer) { writer.nil(); };
  for (const std::string_view key : {"kwargs", "metadata", "attempt", "deadline", "timeout", "queue_timeout",
                                     "attempt_timeout", "pool", "detached", "frames", "idempotency_key"}) {
    EXPECT_EQ(read(call_with({{key, nothing}}), client_in), Refusal::wrong_field) << key;
  }
}

TEST(Extras, HaveSoMuchMetadataAndNoMore) {
  const auto with_entries = [](std::size_t count) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (std::size_t i = 0; i < count; ++i) entries.emplace_back(std::to_string(i), "v");
    return read(run_with({{"metadata", metadata(entries)}}), worker_data_in);
  };
  EXPECT_EQ(with_entries(limits::metadata_entries_max), Refusal::none);
  EXPECT_EQ(with_entries(limits::metadata_entries_max + 1), Refusal::over_limit);

  const auto with_bytes =
      [](std::size_t bytes) {  // of the map's encoding: 1 for it, 2 for the key, 3 for the value's head
        return read(run_with({{"metadata", metadata({{"k", std::string(bytes - 6, 'v')}})}}), worker_data_in);
      };
  EXPECT_EQ(with_bytes(limits::metadata_bytes_max), Refusal::none);
  EXPECT_EQ(with_bytes(limits::metadata_bytes_max + 1), Refusal::over_limit);
}

TEST(Extras, AreRefusedWithAMetadataKeyTwice) {
  EXPECT_EQ(read(run_with({{"metadata", metadata({{"a", "1"}, {"a", "2"}})}}), worker_data_in), Refusal::wrong_field);
}

// Frames.

TEST(Frames, AreNamedByPositionKeywordOrTheResultItself) {
  PayloadFrames frames;
  frames.push_back({std::uint32_t{3}, Bytes(std::string_view("x"))});
  frames.push_back({std::string("image"), Bytes(std::string_view("y"))});
  frames.push_back({std::monostate{}, Bytes(std::string_view("z"))});
  const auto bytes = message_of(RecordType::result, 3, [&](Writer& writer) {
    writer.uint(42);
    writer.nil();
    write_frame_names(writer, frames, 1);
  });
  Message message;
  ASSERT_EQ(message.read(bytes, 3, worker_data_out, own_epoch), Refusal::none);
  const auto read_names = message.frames_of(message.records[0]);
  ASSERT_EQ(read_names.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read_names[i].place, frames[i].place);
    EXPECT_EQ(read_names[i].frame, i + 1);
  }
}

TEST(Frames, OfSeveralRecordsAreKeptApart) {
  Envelope envelope;
  envelope.begin(own_epoch);
  for (std::uint64_t call = 1; call <= 3; ++call) {
    auto& writer = envelope.record(RecordType::result, 3);
    writer.uint(call);
    writer.nil();
    names({{call, 4 - call}})(writer);
  }
  Message message;
  ASSERT_EQ(message.read(envelope.finish(), 3, worker_data_out, own_epoch), Refusal::none);
  for (const auto& record : message.records) {
    const auto named = message.frames_of(record);
    ASSERT_EQ(named.size(), 1u);
    EXPECT_EQ(named[0].frame, 4 - record.number[0]);
    EXPECT_EQ(named[0].place, Place(static_cast<std::uint32_t>(record.number[0])));
  }
}

TEST(Frames, AreEachNamedExactlyOnce) {
  const auto with = [](std::vector<std::pair<std::uint64_t, std::uint64_t>> places, std::size_t frames) {
    return read(run_with({{"frames", names(std::move(places))}}), worker_data_in, frames);
  };
  EXPECT_EQ(with({{0, 1}, {1, 2}}, 2), Refusal::none);
  EXPECT_EQ(with({{0, 1}}, 2), Refusal::frame_unnamed);
  EXPECT_EQ(with({}, 1), Refusal::frame_unnamed);
  EXPECT_EQ(with({{0, 1}, {1, 1}}, 1), Refusal::frame_named_twice);
  EXPECT_EQ(with({{0, 1}, {1, 1}}, 2), Refusal::frame_named_twice);
  EXPECT_EQ(with({{0, 2}}, 1), Refusal::frame_missing);
  EXPECT_EQ(with({{0, 0}}, 1), Refusal::frame_missing);
  EXPECT_EQ(with({{0, 1ull << 32 | 1}}, 1), Refusal::frame_missing);
}

TEST(Frames, ArePartOfAMessageUpToALimit) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
  for (std::uint64_t i = 0; i < limits::frames_per_record_max; ++i) places.emplace_back(i, i + 1);
  EXPECT_EQ(read(run_with({{"frames", names(places)}}), worker_data_in, places.size()), Refusal::none);
  places.emplace_back(places.size(), places.size() + 1);
  EXPECT_EQ(read(run_with({{"frames", names(places)}}), worker_data_in, places.size()), Refusal::over_limit);
  EXPECT_EQ(read(run_with({}), worker_data_in, limits::frames_per_message_max + 1), Refusal::over_limit);
}

TEST(Frames, HaveAPlaceThatCanBe) {
  const auto with_place = [](const Write& place) {
    return read(run_with({{"frames",
                           [&](Writer& writer) {
                             writer.array(1);
                             writer.array(2);
                             place(writer);
                             writer.uint(1);
                           }}}),
                worker_data_in, 1);
  };
  EXPECT_EQ(with_place(number(limits::elements_max)), Refusal::none);
  EXPECT_EQ(with_place(text("name")), Refusal::none);
  EXPECT_EQ(with_place([](Writer& writer) { writer.nil(); }), Refusal::wrong_field);
  EXPECT_EQ(with_place(number(limits::elements_max + 1)), Refusal::wrong_field);
  EXPECT_EQ(with_place(number(1ull << 32)), Refusal::wrong_field);
  EXPECT_EQ(with_place(text("\xff")), Refusal::wrong_field);
  EXPECT_EQ(with_place(flag(true)), Refusal::wrong_field);
}

}  // namespace
}  // namespace clutch::protocol
