#include "clutch/reader.hpp"

#include <string>

#include "clutch/protocol/scan.hpp"

namespace clutch {
namespace {

using protocol::Head;
using protocol::Type;

std::string_view name_of(Type type) {
  switch (type) {
    case Type::nil:
      return "nil";
    case Type::boolean:
      return "a boolean";
    case Type::positive:
    case Type::negative:
      return "an integer";
    case Type::real:
      return "a float";
    case Type::string:
      return "a string";
    case Type::binary:
      return "bytes";
    case Type::array:
      return "an array";
    case Type::map:
      return "a map";
    case Type::extension:
      break;
  }
  return "an extension";
}

std::string described(const Head& head) {
  if (head.type == Type::positive) return "the integer " + std::to_string(head.bits);
  if (head.type == Type::negative) return "the integer " + std::to_string(static_cast<std::int64_t>(head.bits));
  if (head.type == Type::extension && head.extension_type == -1) return "a timestamp";
  return std::string(name_of(head.type));
}

std::uint64_t big_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

// https://github.com/msgpack/msgpack/blob/master/spec.md, "Timestamp extension type": 32, 64 and 96 bits.
bool timestamp_from(const Head& head, Timestamp& out) {
  if (head.type != Type::extension || head.extension_type != -1) return false;
  const auto bytes = head.bytes;
  if (bytes.size() == 4) {
    out = {static_cast<std::int64_t>(big_endian(bytes)), 0};
  } else if (bytes.size() == 8) {
    const std::uint64_t both = big_endian(bytes);
    out = {static_cast<std::int64_t>(both & 0x3'ffff'ffff), static_cast<std::uint32_t>(both >> 34)};
  } else if (bytes.size() == 12) {
    out = {static_cast<std::int64_t>(big_endian(bytes.subspan(4))),
           static_cast<std::uint32_t>(big_endian(bytes.first(4)))};
  } else {
    return false;
  }
  return out.nanoseconds < 1'000'000'000;
}

}  // namespace

Head Reader::next() {
  Head head;
  if (!cursor_.next(head)) path_.fail("malformed or cut short");
  return head;
}

Head Reader::peek() const {
  Head head;
  if (!cursor_.peek(head)) path_.fail("malformed or cut short");
  return head;
}

void Reader::fail(std::string_view expected, const Head& got) const {
  path_.fail("expected " + std::string(expected) + ", got " + described(got));
}

void Reader::fail(std::string_view expected) const { fail(expected, peek()); }

void Reader::finish() const {
  if (!cursor_.at_end()) path_.fail("more than one value");
}

void Reader::nil() {
  const Head head = next();
  if (head.type != Type::nil) fail("nil", head);
}

bool Reader::boolean() {
  const Head head = next();
  if (head.type != Type::boolean) fail("a boolean", head);
  return head.bits != 0;
}

std::int64_t Reader::integer(std::int64_t min, std::int64_t max) {
  const Head head = next();
  const auto value = static_cast<std::int64_t>(head.bits);
  const bool is_integer = (head.type == Type::positive && head.bits <= INT64_MAX) || head.type == Type::negative;
  if (!is_integer || value < min || value > max) {
    fail("an integer from " + std::to_string(min) + " to " + std::to_string(max), head);
  }
  return value;
}

std::uint64_t Reader::uint(std::uint64_t max) {
  const Head head = next();
  if (head.type != Type::positive || head.bits > max) fail("an integer from 0 to " + std::to_string(max), head);
  return head.bits;
}

double Reader::real() {
  const Head head = next();
  if (head.type == Type::real) return head.real();
  if (head.type == Type::positive) return static_cast<double>(head.bits);
  if (head.type == Type::negative) return static_cast<double>(static_cast<std::int64_t>(head.bits));
  fail("a float", head);
}

std::string_view Reader::string() {
  const Head head = next();
  if (head.type != Type::string) fail("a string", head);
  if (!protocol::valid_utf8(head.text())) path_.fail("a string that is not valid UTF-8");
  return head.text();
}

// A large bin travels as a frame: an empty one stands in its place. PROTOCOL.md, "Values".
const Bytes* Reader::frame_here() const noexcept {
  if (frames_ == nullptr || path_.depth() > 1) return nullptr;
  const detail::PathNode* node = path_.top();
  if (item_ != no_item && node != nullptr) return nullptr;
  for (const PayloadFrame& frame : *frames_) {
    const auto* position = std::get_if<std::uint32_t>(&frame.place);
    if (item_ != no_item) {
      if (position != nullptr && *position == item_) return &frame.bytes;
      continue;
    }
    const auto* keyword = std::get_if<std::string>(&frame.place);
    const bool here = node == nullptr                               ? position == nullptr && keyword == nullptr
                      : node->kind == detail::PathNode::Kind::index ? position != nullptr && *position == node->index
                      : node->kind == detail::PathNode::Kind::key   ? keyword != nullptr && *keyword == node->key
                                                                    : false;
    if (here) return &frame.bytes;
  }
  return nullptr;
}

std::span<const std::byte> Reader::binary() {
  const Head head = next();
  if (head.type != Type::binary) fail("bytes", head);
  if (!head.bytes.empty()) return head.bytes;
  const Bytes* frame = frame_here();
  return frame != nullptr ? frame->span() : head.bytes;
}

Bytes Reader::bytes() {
  const auto view = binary();
  if (view.empty()) return {};
  const Bytes* frame = frame_here();
  return frame != nullptr && frame->data() == view.data() ? *frame : Bytes(view);
}

Timestamp Reader::timestamp() {
  const Head head = next();
  Timestamp out;
  if (!timestamp_from(head, out)) fail("a timestamp", head);
  return out;
}

Reader::Array Reader::array() {
  const Head head = next();
  if (head.type != Type::array) fail("an array", head);
  return {*this, static_cast<std::size_t>(head.bits)};
}

Reader::Array Reader::array(std::size_t exact) {
  const Head head = next();
  const std::string_view expected = "an array of ";
  if (head.type != Type::array) fail(std::string(expected) + std::to_string(exact), head);
  if (head.bits != exact) {
    path_.fail("expected " + std::string(expected) + std::to_string(exact) + ", got one of " +
               std::to_string(head.bits));
  }
  return {*this, exact};
}

Reader::Map Reader::map() {
  const Head head = next();
  if (head.type != Type::map) fail("a map", head);
  return {*this, static_cast<std::size_t>(head.bits)};
}

void Reader::skip() {
  std::span<const std::byte> skipped;
  if (!cursor_.skip(skipped)) path_.fail("malformed, cut short or too deep");
}

void Reader::Array::advance() {
  if (read_ == size_) reader_.path_.fail("no more items");
  level_.at_index(read_++);
}

Reader::Array::~Array() {
  std::span<const std::byte> skipped;
  while (read_ < size_ && reader_.cursor_.skip(skipped)) ++read_;
}

void Reader::Map::before_key() {
  if (read_ == size_) reader_.path_.fail("no more pairs");
  level_.at_itself();
  // For the path: what a simple key is, before it is read by its own codec.
  const Head head = reader_.peek();
  if (head.type == Type::array || head.type == Type::map) reader_.fail("a key that is no array and no map", head);
  if (head.type == Type::string) level_.at_key(head.text());
  if (head.type == Type::positive || head.type == Type::negative) level_.at_number(head.bits);
  in_value_ = true;
}

bool Reader::Map::text_key(std::string_view& key) {
  before_key();
  if (reader_.peek().type == Type::string) {
    key = reader_.string();
    return true;
  }
  key = {};
  reader_.skip();
  return false;
}

void Reader::Map::skip_value() {
  ++read_;
  in_value_ = false;
  reader_.skip();
}

void Reader::Map::fail_with(std::string_view message) {
  level_.at_itself();
  reader_.path_.fail(message);
}

Reader::Map::~Map() {
  std::span<const std::byte> skipped;
  if (in_value_ && !reader_.cursor_.skip(skipped)) return;
  if (in_value_) ++read_;
  while (read_ < size_ && reader_.cursor_.skip(skipped) && reader_.cursor_.skip(skipped)) ++read_;
}

}  // namespace clutch
