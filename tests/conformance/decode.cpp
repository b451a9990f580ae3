// What the C++ decoders make of bytes, for tests/fuzz/differential.py to compare with Python's. Each line of stdin,
//
//   value HEX                 one value
//   LINK EPOCH FRAMES HEX     an envelope on a link, by messages.json's name of it, that came with so many frames
//
// is answered by a line of JSON: {"refused": reason}, {"value": as values.json writes it}, or {"records": as
// messages.json writes them, "extras": what was read of each RUN's}.
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "clutch/protocol/scan.hpp"
#include "record_vector.hpp"
#include "vectors.hpp"

namespace {

using namespace clutch;
using nlohmann::json;

json decoded_value(const test::ByteVector& bytes) {
  if (const auto error = protocol::scan(bytes); error != protocol::ScanError::none) {
    return {{"refused", to_string(error)}};
  }
  protocol::Cursor cursor(bytes);
  return {{"value", test::tagged_value(cursor)}};
}

json place_of(const Place& place) {
  if (const auto* position = std::get_if<std::uint32_t>(&place)) return *position;
  if (const auto* keyword = std::get_if<std::string>(&place)) return *keyword;
  return nullptr;
}

json extras_read(const protocol::Message& message, const protocol::Record& record) {
  const auto extras = protocol::extras_of(record);
  json metadata = json::object();
  if (!extras.metadata.empty()) {
    protocol::Cursor cursor(extras.metadata);
    metadata = test::plain_value(cursor);
  }
  json frames = json::array();
  for (const auto& name : message.frames_of(record)) frames.push_back({place_of(name.place), name.frame});
  json credit;
  if (extras.stream) credit = {extras.stream->items, extras.stream->bytes};
  return {
      {"kwargs", test::hex_of(extras.kwargs)}, {"frames", frames}, {"metadata", metadata}, {"attempt", extras.attempt},
      {"deadline", extras.deadline},           {"stream", credit}};
}

json decoded_message(protocol::Direction direction, std::uint64_t epoch, std::size_t frames,
                     const test::ByteVector& envelope) {
  protocol::Message message;
  const auto refusal = message.read(envelope, frames, direction, epoch);
  if (refusal != protocol::Refusal::none) return {{"refused", to_string(refusal)}};
  auto records = json::array();
  auto extras = json::array();
  for (const auto& record : message.records) {
    records.push_back(test::record_as_vector(record));
    if (record.type == protocol::RecordType::run) extras.push_back(extras_read(message, record));
  }
  return {{"records", records}, {"extras", extras}};
}

json decoded(std::istringstream words) {
  std::string kind;
  std::string hex;
  std::uint64_t epoch = 0;
  std::size_t frames = 0;
  words >> kind;
  if (kind == "value") {
    words >> hex;
    return decoded_value(test::bytes_of_hex(hex));
  }
  words >> epoch >> frames >> hex;
  return decoded_message(test::direction_of(kind), epoch, frames, test::bytes_of_hex(hex));
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << decoded(std::istringstream(line)).dump() << '\n' << std::flush;  // so that a crash says at which
  }
}
