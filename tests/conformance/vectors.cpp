#include "vectors.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "support/paths.hpp"

namespace clutch::test {
namespace {

using nlohmann::json;
using protocol::Cursor;
using protocol::Head;
using protocol::Type;

std::uint64_t number_at(std::span<const std::byte> bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8 | std::to_integer<std::uint64_t>(bytes[at + i]);
  return value;
}

json timestamp(std::span<const std::byte> body) {
  std::uint64_t seconds = 0;
  std::uint64_t nanoseconds = 0;
  if (body.size() == 4) {
    seconds = number_at(body, 0, 4);
  } else if (body.size() == 8) {
    seconds = number_at(body, 0, 8) & 0x3'ffff'ffff;
    nanoseconds = number_at(body, 0, 8) >> 34;
  } else {
    nanoseconds = number_at(body, 0, 4);
    seconds = number_at(body, 4, 8);
  }
  return {{"timestamp", {std::to_string(static_cast<std::int64_t>(seconds)), nanoseconds}}};
}

std::string hex_of_bits(std::uint64_t bits) {
  std::string hex(16, '0');
  for (std::size_t i = 16; i-- > 0; bits >>= 4) hex[i] = "0123456789abcdef"[bits & 15];
  return hex;
}

Head next(Cursor& cursor) {
  Head head;
  if (!cursor.next(head)) throw std::runtime_error("a value that does not end");
  return head;
}

json tagged_container(Cursor& cursor, const Head& head) {
  auto items = json::array();
  for (std::uint64_t i = 0; i < head.bits; ++i) {
    if (head.type == Type::array) {
      items.push_back(tagged_value(cursor));
    } else {
      auto key = tagged_value(cursor);
      items.push_back({std::move(key), tagged_value(cursor)});
    }
  }
  return head.type == Type::array ? items : json{{"map", items}};
}

}  // namespace

json vectors(std::string_view file) {
  std::ifstream in(source_directory() / "protocol/vectors" / file);
  return json::parse(in);
}

json tagged_value(Cursor& cursor) {
  const auto head = next(cursor);
  switch (head.type) {
    case Type::nil:
      return nullptr;
    case Type::boolean:
      return head.bits != 0;
    case Type::positive:
      return {{"int", std::to_string(head.bits)}};
    case Type::negative:
      return {{"int", std::to_string(static_cast<std::int64_t>(head.bits))}};
    case Type::real:
      return {{"float", hex_of_bits(head.bits)}};
    case Type::string:
      return {{"str", head.text()}};
    case Type::binary:
      return {{"bin", hex_of(head.bytes)}};
    case Type::extension:
      return timestamp(head.bytes);
    case Type::array:
    case Type::map:
      return tagged_container(cursor, head);
  }
  throw std::logic_error("a type of no name");
}

json plain_value(Cursor& cursor) {
  const auto head = next(cursor);
  switch (head.type) {
    case Type::nil:
      return nullptr;
    case Type::boolean:
      return head.bits != 0;
    case Type::positive:
      return head.bits;
    case Type::negative:
      return static_cast<std::int64_t>(head.bits);
    case Type::real:
      return head.real();
    case Type::string:
      return head.text();
    case Type::binary:
      return {{"bin", hex_of(head.bytes)}};
    case Type::array: {
      auto items = json::array();
      for (std::uint64_t i = 0; i < head.bits; ++i) items.push_back(plain_value(cursor));
      return items;
    }
    case Type::map: {
      auto items = json::object();
      for (std::uint64_t i = 0; i < head.bits; ++i) {
        const auto key = next(cursor);
        items[std::string(key.text())] = plain_value(cursor);
      }
      return items;
    }
    case Type::extension:
      break;
  }
  throw std::logic_error("no message of the vectors has an extension");
}

}  // namespace clutch::test
