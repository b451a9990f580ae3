#include "clutch/value.hpp"

#include <algorithm>

#include "clutch/codec/containers.hpp"
#include "clutch/protocol/scan.hpp"

namespace clutch {
namespace {

using protocol::Type;

// A value within a value: the outermost alone is searched for duplicate keys.
struct Inner {
  const Value& value;
};
struct InnerRead {
  Value value;
};

}  // namespace

template <>
struct Codec<Inner> {
  static void write(Writer& writer, const Inner& inner);
};
template <>
struct Codec<InnerRead> {
  static InnerRead read(Reader& reader);
};

namespace {

struct WriteAny {
  Writer& writer;

  void operator()(std::monostate) const { writer.nil(); }
  void operator()(bool value) const { writer.boolean(value); }
  void operator()(std::int64_t value) const { writer.integer(value); }
  void operator()(std::uint64_t value) const { writer.uint(value); }
  void operator()(double value) const { writer.real(value); }
  void operator()(const std::string& text) const { writer.string(text); }
  void operator()(const Bytes& bytes) const { writer.binary(bytes.span()); }
  void operator()(const Timestamp& time) const { writer.timestamp(time.seconds, time.nanoseconds); }
  void operator()(const Value::Array& items) const {
    auto array = writer.array(items.size());
    for (const Value& item : items) array.add(Inner{item});
  }
  void operator()(const Value::Map& pairs) const {
    auto map = writer.map(pairs.size());
    for (const auto& [key, value] : pairs) {
      if (const auto* text = key.get_if<std::string>()) {
        map.add(*text, Inner{value});
      } else {
        map.add(Inner{key}, Inner{value});
      }
    }
  }
};

Value read_integer(Reader& reader) {
  if (reader.peek().type == Type::negative) return reader.integer(INT64_MIN, INT64_MAX);
  return reader.uint();
}

Value read_map(Reader& reader) {
  auto pairs = reader.map();
  Value::Map out;
  out.reserve(detail::reserve_for<Value::Map::value_type>(pairs.size()));
  while (pairs.more()) {
    Value key = pairs.key<InnerRead>().value;
    out.emplace_back(std::move(key), pairs.value<InnerRead>().value);
  }
  return out;
}

Value read_array(Reader& reader) {
  auto items = reader.array();
  Value::Array out;
  out.reserve(detail::reserve_for<Value>(items.size()));
  while (items.more()) out.push_back(items.next<InnerRead>().value);
  return out;
}

Value read_any(Reader& reader) {
  switch (reader.peek().type) {
    case Type::nil:
      reader.nil();
      return {};
    case Type::boolean:
      return reader.boolean();
    case Type::positive:
    case Type::negative:
      return read_integer(reader);
    case Type::real:
      return reader.real();
    case Type::string:
      return std::string(reader.string());
    case Type::binary:
      return reader.bytes();
    case Type::array:
      return read_array(reader);
    case Type::map:
      return read_map(reader);
    case Type::extension:
      break;
  }
  return reader.timestamp();
}

}  // namespace

std::size_t Value::size() const noexcept {
  if (const auto* items = get_if<Array>()) return items->size();
  if (const auto* pairs = get_if<Map>()) return pairs->size();
  return 0;
}

const Value* Value::at(std::size_t index) const noexcept {
  const auto* items = get_if<Array>();
  return items != nullptr && index < items->size() ? &(*items)[index] : nullptr;
}

const Value* Value::find(std::string_view key) const noexcept {
  const auto* pairs = get_if<Map>();
  if (pairs == nullptr) return nullptr;
  const auto found = std::find_if(pairs->begin(), pairs->end(), [key](const auto& pair) {
    const auto* text = pair.first.template get_if<std::string>();
    return text != nullptr && *text == key;
  });
  return found != pairs->end() ? &found->second : nullptr;
}

void Codec<Inner>::write(Writer& writer, const Inner& inner) { std::visit(WriteAny{writer}, inner.value.any()); }

InnerRead Codec<InnerRead>::read(Reader& reader) { return {read_any(reader)}; }

void Codec<Value>::write(Writer& writer, const Value& value) {
  const std::size_t start = writer.size();
  std::visit(WriteAny{writer}, value.any());
  if (value.size() == 0) return;
  if (protocol::scan(writer.bytes().subspan(start)) == protocol::ScanError::duplicate_key) {
    writer.fail_with("a map in which a key occurs twice");
  }
}

Value Codec<Value>::read(Reader& reader) {
  const auto before = reader.rest();
  Value value = read_any(reader);
  if (value.size() == 0) return value;
  const auto read = before.first(before.size() - reader.rest().size());
  if (protocol::scan(read) == protocol::ScanError::duplicate_key) {
    reader.fail_with("a map in which a key occurs twice");
  }
  return value;
}

}  // namespace clutch
