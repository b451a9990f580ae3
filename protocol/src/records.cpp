#include "clutch/protocol/records.hpp"

#include <algorithm>
#include <array>

#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/scan.hpp"
#include "field_check.hpp"

namespace clutch::protocol {
namespace {

constexpr std::uint64_t priority_max = 2;

constexpr unsigned bit(Direction direction) { return 1u << static_cast<unsigned>(direction); }
constexpr unsigned data_in = bit(Direction::worker_data_in);
constexpr unsigned data_out = bit(Direction::worker_data_out);
constexpr unsigned control_in = bit(Direction::worker_control_in);
constexpr unsigned control_out = bit(Direction::worker_control_out);
constexpr unsigned client_in = bit(Direction::client_in);
constexpr unsigned client_out = bit(Direction::client_out);

// fields: u uint, s str, b bin, m map, a array, v any value; after '?' the one that may be left out: m or a.
struct Shape {
  unsigned allowed = 0;
  std::string_view fields;
};

constexpr std::array<Shape, 31> shapes = [] {
  std::array<Shape, 31> table{};
  const auto set = [&table](RecordType type, unsigned allowed, std::string_view fields) {
    table[static_cast<std::size_t>(type)] = {allowed, fields};
  };
  using enum RecordType;
  set(boot, data_in, "m");
  set(run, data_in, "uuuub?m");
  set(attach, data_out | control_out, "uusm");
  set(registration, data_out, "aa");
  set(boot_failed, data_out, "m");
  set(result, data_out | client_out, "uv?a");
  set(error, data_out | client_out, "um");
  set(begun, data_out | control_out, "uu");
  set(cancel, control_in | client_in, "uuu");
  set(ping, control_in | client_in | client_out, "u");
  set(pong, control_out | client_in | client_out, "u");
  set(stop, control_in, "u");
  set(item, data_out | client_out, "uua?a");
  set(end, data_out | client_out, "uu");
  set(credit, control_in | client_in, "uuuu");
  set(hello, client_in, "uum");
  set(welcome, client_out, "uum");
  set(refused, client_out, "m");
  set(call, client_in, "usb?m");
  set(detach, client_in, "u");
  set(window, client_in | client_out, "u");
  set(query, client_in, "usm");
  set(answer, client_out, "uv");
  set(bye, client_in | client_out, "");
  set(receipt, client_out, "um");
  set(command, client_in, "usm");
  return table;
}();

// One field of kind `kind` into the record; false where it is of another type.
bool read_field(Cursor& cursor, char kind, Record& record, std::size_t& numbers, std::size_t& fields) {
  if (kind == 'u') return cursor.uint(record.number[numbers++]);
  Span& field = record.field[fields++];
  if (kind == 'b') return cursor.binary(field);
  if (kind == 's') {
    std::string_view text;
    if (!cursor.string(text) || !valid_utf8(text)) return false;
    field = std::as_bytes(std::span(text.data(), text.size()));
    return true;
  }
  Head head;
  if (!cursor.peek(head)) return false;
  if (kind == 'm' && head.type != Type::map) return false;
  if (kind == 'a' && head.type != Type::array) return false;
  return cursor.skip(field);
}

bool read_place(Cursor& cursor, Place& place) {
  std::uint64_t position = 0;
  std::string_view keyword;
  if (cursor.nil()) {
    place = std::monostate{};
  } else if (cursor.uint(position)) {
    if (position > limits::elements_max) return false;
    place = static_cast<std::uint32_t>(position);
  } else if (cursor.string(keyword) && valid_utf8(keyword)) {
    place = std::string(keyword);
  } else {
    return false;
  }
  return true;
}

bool read_credit(Cursor& cursor, StreamCredit& credit) {
  std::size_t two = 0;
  return cursor.array(two) && two == 2 && cursor.uint(credit.items) && cursor.uint(credit.bytes);
}

class MessageReader {
 public:
  MessageReader(Message& message, Span envelope, std::size_t frames, Direction direction)
      : message_(message), cursor_(envelope), frames_(frames), direction_(direction) {}

  Refusal run(std::optional<std::uint64_t> epoch) {
    const Cursor start = cursor_;
    const auto refusal = envelope(epoch);
    if (refusal != Refusal::wrong_field && refusal != Refusal::wrong_arity) return refusal;
    // A field that cannot be read may be one that is not there: then this is no array at all.
    Cursor whole = start;
    Span value;
    return whole.skip(value) ? refusal : Refusal::not_an_envelope;
  }

 private:
  Refusal envelope(std::optional<std::uint64_t> epoch) {
    message_.records.clear();
    message_.frame_names.clear();
    std::size_t elements = 0;
    std::uint64_t version = 0;
    if (!cursor_.array(elements) || elements < 2) return Refusal::not_an_envelope;
    if (!cursor_.uint(version)) return Refusal::not_an_envelope;
    if (version != limits::protocol_version) return Refusal::wrong_version;
    if (!cursor_.uint(message_.epoch)) return Refusal::not_an_envelope;
    if (epoch && message_.epoch != *epoch) return Refusal::wrong_epoch;
    if (elements - 2 > limits::records_per_message_max || frames_ > limits::frames_per_message_max) {
      return Refusal::over_limit;
    }
    for (std::size_t i = 2; i < elements; ++i) {
      if (const auto refusal = record(); refusal != Refusal::none) return refusal;
    }
    if (!cursor_.at_end()) return Refusal::trailing_bytes;
    return every_frame_named();
  }

  Refusal record() {
    Record& record = message_.records.emplace_back();
    std::size_t elements = 0;
    std::uint64_t type = 0;
    if (!cursor_.array(elements) || elements == 0 || !cursor_.uint(type)) return Refusal::not_an_envelope;
    if (type >= shapes.size() || shapes[type].allowed == 0) return Refusal::unknown_type;
    const Shape& shape = shapes[type];
    if ((shape.allowed & bit(direction_)) == 0) return Refusal::wrong_lane;
    record.type = static_cast<RecordType>(type);
    return fields(record, shape.fields, elements - 1);
  }

  Refusal fields(Record& record, std::string_view kinds, std::size_t given) {
    const auto optional_at = kinds.find('?');
    const auto required = optional_at == std::string_view::npos ? kinds.size() : optional_at;
    const bool with_optional = optional_at != std::string_view::npos && given == required + 1;
    if (given != required && !with_optional) return Refusal::wrong_arity;
    std::size_t numbers = 0;
    std::size_t fields = 0;
    for (const char kind : kinds.substr(0, required)) {
      if (!read_field(cursor_, kind, record, numbers, fields)) return Refusal::wrong_field;
    }
    if (const auto refusal = check_fields(record); refusal != Refusal::none || !with_optional) return refusal;
    const auto at = fields;
    if (!read_field(cursor_, kinds[required + 1], record, numbers, fields)) return Refusal::wrong_field;
    record.has_extras = true;
    const bool names_frames = record.type == RecordType::result || record.type == RecordType::item;
    return names_frames ? frame_names(record, record.field[at]) : extras(record, record.field[at]);
  }

  Refusal frame_names(Record& record, Span encoded) {
    Cursor cursor(encoded);
    std::size_t count = 0;
    if (!cursor.array(count)) return Refusal::wrong_field;
    if (count > limits::frames_per_record_max) return Refusal::over_limit;
    record.frames_at = static_cast<std::uint32_t>(message_.frame_names.size());
    record.frames_count = static_cast<std::uint32_t>(count);
    for (std::size_t i = 0; i < count; ++i) {
      FrameName& name = message_.frame_names.emplace_back();
      std::size_t two = 0;
      std::uint64_t frame = 0;
      if (!cursor.array(two) || two != 2 || !read_place(cursor, name.place) || !cursor.uint(frame)) {
        return Refusal::wrong_field;
      }
      if (frame == 0 || frame > frames_) return Refusal::frame_missing;
      name.frame = static_cast<std::uint32_t>(frame);
      if (record.type == RecordType::run && !is_an_argument_of_its_own(record)) return Refusal::wrong_field;
    }
    return Refusal::none;
  }

  // Whether the last name of the record's is. A CALL's are looked at with its arguments, for an error of its own.
  bool is_an_argument_of_its_own(const Record& record) const {
    const auto names = std::span(message_.frame_names).subspan(record.frames_at);
    const Place& place = names.back().place;
    const auto same = [&place](const FrameName& other) { return other.place == place; };
    return !std::holds_alternative<std::monostate>(place) && std::none_of(names.begin(), names.end() - 1, same);
  }

  Refusal metadata(Span encoded) {
    if (encoded.size() > limits::metadata_bytes_max) return Refusal::over_limit;
    Cursor cursor(encoded);
    std::size_t pairs = 0;
    if (cursor.map(pairs) && pairs > limits::metadata_entries_max) return Refusal::over_limit;
    return valid_text_map(encoded) ? Refusal::none : Refusal::wrong_field;
  }

  Refusal extras(Record& record, Span encoded) {
    const bool from_client = record.type == RecordType::call;
    Cursor cursor(encoded);
    std::size_t pairs = 0;
    if (!cursor.map(pairs)) return Refusal::wrong_field;
    unsigned seen = 0;
    for (std::size_t i = 0; i < pairs; ++i) {
      std::string_view key;
      Span value;
      if (!cursor.string(key) || !cursor.skip(value)) return Refusal::wrong_field;
      if (const auto refusal = extra(record, key, value, from_client, seen); refusal != Refusal::none) return refusal;
    }
    return Refusal::none;
  }

  Refusal extra(Record& record, std::string_view key, Span encoded, bool from_client, unsigned& seen) {
    struct Key {
      std::string_view name;
      char kind;
      bool client_only;
    };
    static constexpr std::array<Key, 13> keys = {{{"kwargs", 'b', false},
                                                  {"frames", 'f', false},
                                                  {"metadata", 'M', false},
                                                  {"attempt", 'u', false},
                                                  {"deadline", 'u', false},
                                                  {"stream", 'c', false},
                                                  {"timeout", 'u', true},
                                                  {"queue_timeout", 'u', true},
                                                  {"attempt_timeout", 'u', true},
                                                  {"pool", 's', true},
                                                  {"priority", 'p', true},
                                                  {"idempotency_key", 'k', true},
                                                  {"detached", 't', true}}};
    Cursor value(encoded);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i].name != key || (keys[i].client_only && !from_client)) continue;
      if ((seen >> i & 1u) != 0) return Refusal::wrong_field;
      seen |= 1u << i;
      if (keys[i].kind == 'f') return frame_names(record, encoded);
      if (keys[i].kind == 'M') return metadata(encoded);
      StreamCredit credit;
      if (keys[i].kind == 'c') return read_credit(value, credit) ? Refusal::none : Refusal::wrong_field;
      std::uint64_t priority = 0;
      if (keys[i].kind == 'p') {
        return value.uint(priority) && priority <= priority_max ? Refusal::none : Refusal::wrong_field;
      }
      std::string_view text;
      if (keys[i].kind == 'k') {
        const bool good = value.string(text) && !text.empty() && text.size() <= limits::idempotency_key_bytes_max;
        return good ? Refusal::none : Refusal::wrong_field;
      }
      bool flag = false;
      if (keys[i].kind == 't') return value.boolean(flag) ? Refusal::none : Refusal::wrong_field;
      Record scratch;
      std::size_t numbers = 0;
      std::size_t fields = 0;
      return read_field(value, keys[i].kind, scratch, numbers, fields) ? Refusal::none : Refusal::wrong_field;
    }
    return Refusal::wrong_field;
  }

  Refusal every_frame_named() {
    if (message_.frame_names.size() < frames_) return Refusal::frame_unnamed;
    if (frames_ == 0) return Refusal::none;
    std::array<bool, limits::frames_per_message_max + 1> named{};
    for (const auto& name : message_.frame_names) {
      if (named[name.frame]) return Refusal::frame_named_twice;
      named[name.frame] = true;
    }
    return Refusal::none;
  }

  Message& message_;
  Cursor cursor_;
  std::size_t frames_;
  Direction direction_;
};

}  // namespace

std::string_view to_string(Refusal refusal) noexcept {
  constexpr std::array<std::string_view, 13> names = {
      "none",       "not_an_envelope", "trailing_bytes", "wrong_version", "wrong_epoch",       "unknown_type",
      "wrong_lane", "wrong_arity",     "wrong_field",    "frame_unnamed", "frame_named_twice", "frame_missing",
      "over_limit"};
  return names[static_cast<std::size_t>(refusal)];
}

PayloadFrames Message::frames_of(const Record& record, std::span<const Bytes> received) const {
  PayloadFrames frames;
  for (const auto& name : frames_of(record)) frames.push_back({name.place, received[name.frame - 1]});
  return frames;
}

Refusal Message::read(Span envelope, std::size_t frames, Direction direction, std::optional<std::uint64_t> expected) {
  const auto refusal = MessageReader(*this, envelope, frames, direction).run(expected);
  if (refusal != Refusal::none) records.clear();
  return refusal;
}

Extras extras_of(const Record& record) {
  Extras extras;
  if (!record.has_extras || (record.type != RecordType::run && record.type != RecordType::call)) return extras;
  Cursor cursor(record.field[record.type == RecordType::run ? 1 : 2]);
  std::size_t pairs = 0;
  bool ok = cursor.map(pairs);
  for (std::size_t i = 0; ok && i < pairs; ++i) {
    std::string_view key;
    Span encoded;
    ok = cursor.string(key) && cursor.skip(encoded);
    Cursor value(encoded);
    std::uint64_t number = 0;
    if (key == "kwargs") {
      ok = value.binary(extras.kwargs);
    } else if (key == "metadata") {
      extras.metadata = encoded;
    } else if (key == "pool") {
      ok = value.string(extras.pool);
    } else if (key == "idempotency_key") {
      ok = value.string(extras.idempotency_key);
    } else if (key == "detached") {
      ok = value.boolean(extras.detached);
    } else if (key == "stream") {
      ok = read_credit(value, extras.stream.emplace());
    } else if (key != "frames" && (ok = value.uint(number))) {
      if (key == "attempt") extras.attempt = number;
      if (key == "deadline") extras.deadline = number;
      if (key == "timeout") extras.timeout = number;
      if (key == "queue_timeout") extras.queue_timeout = number;
      if (key == "priority") extras.priority = number;
      if (key == "attempt_timeout") extras.attempt_timeout = number;
    }
  }
  return extras;
}

std::size_t items_in(const Record& record) noexcept {
  std::size_t count = 0;
  static_cast<void>(Cursor(record.field[0]).array(count));
  return count;
}

void Envelope::begin(std::uint64_t epoch) {
  writer_.clear();
  records_ = 0;
  opened_ = writer_.open_array();
  writer_.uint(limits::protocol_version);
  writer_.uint(epoch);
}

Writer& Envelope::record(RecordType type, std::size_t fields) {
  ++records_;
  writer_.array(fields + 1);
  writer_.uint(static_cast<std::uint64_t>(type));
  return writer_;
}

bool Envelope::full() const noexcept {
  return records_ >= limits::records_per_message_max || writer_.size() >= limits::envelope_bytes_soft;
}

Span Envelope::finish() noexcept {
  writer_.close_array(opened_, records_ + 2);
  return writer_.bytes();
}

void write_frame_names(Writer& writer, const PayloadFrames& frames, std::size_t first) {
  writer.array(frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    writer.array(2);
    const Place& place = frames[i].place;
    if (const auto* position = std::get_if<std::uint32_t>(&place)) {
      writer.uint(*position);
    } else if (const auto* keyword = std::get_if<std::string>(&place)) {
      writer.string(*keyword);
    } else {
      writer.nil();
    }
    writer.uint(first + i);
  }
}

}  // namespace clutch::protocol
