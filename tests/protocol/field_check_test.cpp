// Maps and arrays in records: each key known, once, there and of its type.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "clutch/protocol/limits.hpp"
#include "message.hpp"

namespace clutch::protocol {
namespace {

using namespace test;
using enum Direction;

// A map as key -> encoded value, so that a test can drop, change and add.
using Fields = std::map<std::string, std::string>;

std::string text(std::string_view value) {
  Writer writer;
  writer.string(value);
  return clutch::test::text_of(writer.bytes());
}

const std::string uint_1 = "\x01";
const std::string empty_array = "\x90";
const std::string yes = "\xc3";
const std::string nil = "\xc0";

void write_fields(Writer& writer, const Fields& fields, std::string_view twice = {}) {
  writer.map(fields.size() + (twice.empty() ? 0 : 1));
  for (const auto& [key, value] : fields) {
    for (int times = key == twice ? 2 : 1; times > 0; --times) {
      writer.string(key);
      writer.raw(clutch::test::bytes_of(value));
    }
  }
}

struct MapIn {
  std::string_view name;
  Direction direction;
  Fields fields;
  ByteVector (*message)(const Fields&, std::string_view twice);
};

const MapIn maps[] = {
    {"boot",
     worker_data_in,
     {{"modules", empty_array},
      {"path", empty_array},
      {"concurrency", uint_1},
      {"threads", uint_1},
      {"payload_bytes_max", uint_1},
      {"pool", text("p")},
      {"setup_by", uint_1},
      {"grace_ms", uint_1},
      {"uvloop", yes}},
     [](const Fields& fields, std::string_view twice) {
       return message_of(RecordType::boot, 1, [&](Writer& writer) { write_fields(writer, fields, twice); });
     }},
    {"function",
     worker_data_out,
     {{"name", text("m.f")},
      {"kind", text("plain")},
      {"signature", text("()")},
      {"doc", text("")},
      {"limit", uint_1},
      {"per", text("pool")},
      {"notes", empty_array}},
     [](const Fields& fields, std::string_view twice) {
       return message_of(RecordType::registration, 2, [&](Writer& writer) {
         writer.array(1);
         write_fields(writer, fields, twice);
         writer.array(0);
       });
     }},
    {"client",
     client_in,
     {{"name", text("n")}, {"pid", uint_1}, {"window", uint_1}},
     [](const Fields& fields, std::string_view twice) {
       return message_of(RecordType::hello, 3, [&](Writer& writer) {
         writer.uint(1);
         writer.uint(1);
         write_fields(writer, fields, twice);
       });
     }},
    {"daemon",
     client_out,
     {{"pid", uint_1}, {"window", uint_1}, {"payload_bytes_max", uint_1}, {"release", text("1")}},
     [](const Fields& fields, std::string_view twice) {
       return message_of(RecordType::welcome, 3, [&](Writer& writer) {
         writer.uint(1);
         writer.uint(1);
         write_fields(writer, fields, twice);
       });
     }},
    {"error",
     worker_data_out,
     {{"code", text("failed")}, {"stage", text("run")}, {"certainty", text("started")}, {"message", text("m")}},
     [](const Fields& fields, std::string_view twice) {
       return message_of(RecordType::error, 2, [&](Writer& writer) {
         writer.uint(1);
         write_fields(writer, fields, twice);
       });
     }},
};

class MapOf : public testing::TestWithParam<MapIn> {
 protected:
  [[nodiscard]] Refusal read_with(const Fields& fields, std::string_view twice = {}) const {
    return read(GetParam().message(fields, twice), GetParam().direction);
  }
};

TEST_P(MapOf, IsTakenWhole) { EXPECT_EQ(read_with(GetParam().fields), Refusal::none); }

TEST_P(MapOf, IsRefusedWithoutAnyOne) {
  for (const auto& [key, value] : GetParam().fields) {
    auto fields = GetParam().fields;
    fields.erase(key);
    EXPECT_EQ(read_with(fields), Refusal::wrong_field) << key;
  }
}

TEST_P(MapOf, IsRefusedWithAnyOneTwice) {
  for (const auto& [key, value] : GetParam().fields)
    EXPECT_EQ(read_with(GetParam().fields, key), Refusal::wrong_field) << key;
}

TEST_P(MapOf, IsRefusedWithAnyOneOfAnotherType) {
  for (const auto& [key, value] : GetParam().fields) {
    auto fields = GetParam().fields;
    fields[key] = nil;
    EXPECT_EQ(read_with(fields), Refusal::wrong_field) << key;
    fields[key] = "\x91\x01";  // an array, but of ints
    EXPECT_EQ(read_with(fields), Refusal::wrong_field) << key;
    fields[key] = "\xa1\xff";  // a str, but not UTF-8
    EXPECT_EQ(read_with(fields), Refusal::wrong_field) << key;
  }
}

TEST_P(MapOf, IsRefusedWithAnotherKey) {
  auto fields = GetParam().fields;
  fields["colour"] = uint_1;
  EXPECT_EQ(read_with(fields), Refusal::wrong_field);
}

INSTANTIATE_TEST_SUITE_P(Each, MapOf, testing::ValuesIn(maps),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Registration, TakesTheKindsAndScopesThereAre) {
  const auto& map = maps[1];
  const auto with = [&](const char* key, std::string_view value) {
    auto fields = map.fields;
    fields[key] = text(value);
    return read(map.message(fields, {}), map.direction);
  };
  for (const auto kind : {"coroutine", "async_generator", "generator", "plain"})
    EXPECT_EQ(with("kind", kind), Refusal::none);
  for (const auto per : {"worker", "pool"}) EXPECT_EQ(with("per", per), Refusal::none);
  for (const auto other : {"", "class", "Plain"}) {
    EXPECT_EQ(with("kind", other), Refusal::wrong_field);
    EXPECT_EQ(with("per", other), Refusal::wrong_field);
  }
}

TEST(Registration, HasSoManyFunctionsAndNoMore) {
  const auto with = [](std::size_t count) {
    return read(message_of(RecordType::registration, 2,
                           [&](Writer& writer) {
                             writer.array(count);
                             for (std::size_t i = 0; i < count; ++i) write_fields(writer, maps[1].fields);
                             writer.array(0);
                           }),
                worker_data_out);
  };
  EXPECT_EQ(with(limits::functions_max), Refusal::none);
  EXPECT_EQ(with(limits::functions_max + 1), Refusal::over_limit);
}

TEST(Registration, LeavesOutByNameAndReason) {
  const auto with = [](const std::function<void(Writer&)>& left_out) {
    return read(message_of(RecordType::registration, 2,
                           [&](Writer& writer) {
                             writer.array(0);
                             left_out(writer);
                           }),
                worker_data_out);
  };
  EXPECT_EQ(with([](Writer& w) { w.array(1), w.array(2), w.string("m.C"), w.string("a class"); }), Refusal::none);
  EXPECT_EQ(with([](Writer& w) { w.array(1), w.array(1), w.string("m.C"); }), Refusal::wrong_field);
  EXPECT_EQ(with([](Writer& w) { w.array(1), w.array(2), w.string("m.C"), w.nil(); }), Refusal::wrong_field);
  EXPECT_EQ(with([](Writer& w) { w.array(1), w.string("m.C"); }), Refusal::wrong_field);
}

TEST(Attach, NamesOneOfTwoLanesAndPackagesByText) {
  const auto with = [](std::uint64_t lane, const std::function<void(Writer&)>& packages) {
    return read(message_of(RecordType::attach, 4,
                           [&](Writer& writer) {
                             writer.uint(lane);
                             writer.uint(1);
                             writer.string("3.11");
                             packages(writer);
                           }),
                worker_data_out);
  };
  const auto none = [](Writer& w) { w.map(0); };
  EXPECT_EQ(with(0, none), Refusal::none);
  EXPECT_EQ(with(1, none), Refusal::none);
  EXPECT_EQ(with(2, none), Refusal::wrong_field);
  EXPECT_EQ(with(0, [](Writer& w) { w.map(1), w.string("pyzmq"), w.uint(27); }), Refusal::wrong_field);
  EXPECT_EQ(with(0, [](Writer& w) { w.map(2), w.string("a"), w.string("1"), w.string("a"), w.string("2"); }),
            Refusal::wrong_field);
}

TEST(Cancel, SaysOneOfTwoReasons) {
  for (const std::uint64_t why : {0, 1, 2}) {
    const auto bytes = message_of(RecordType::cancel, 3, [&](Writer& w) { w.uint(1), w.uint(42), w.uint(why); });
    EXPECT_EQ(read(bytes, worker_control_in), why < 2 ? Refusal::none : Refusal::wrong_field) << why;
  }
}

TEST(CallRecord, NamesAFunctionUpToALimit) {
  const auto with = [](std::size_t bytes) {
    return read(message_of(RecordType::call, 3,
                           [&](Writer& writer) {
                             writer.uint(1);
                             writer.string(std::string(bytes, 'f'));
                             writer.binary({});
                           }),
                client_in);
  };
  EXPECT_EQ(with(limits::function_name_bytes_max), Refusal::none);
  EXPECT_EQ(with(limits::function_name_bytes_max + 1), Refusal::over_limit);
}

TEST(ErrorRecord, HasSoManyBytesAndNoMore) {
  const auto with = [](std::size_t message_bytes) {
    Error error;
    error.message.assign(message_bytes, 'x');
    return read(message_of(RecordType::boot_failed, 1, [&](Writer& writer) { write(writer, error); }), worker_data_out);
  };
  EXPECT_EQ(with(limits::error_bytes_max - 200), Refusal::none);
  EXPECT_EQ(with(limits::error_bytes_max), Refusal::over_limit);
}

}  // namespace
}  // namespace clutch::protocol
