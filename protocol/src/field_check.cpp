#include "field_check.hpp"

#include <string_view>

#include "clutch/cancel_receipt.hpp"
#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/scan.hpp"

namespace clutch::protocol {
namespace {

constexpr std::uint64_t lane_max = 1;
constexpr std::uint64_t cancel_why_max = 1;

// What a key's value must be.
enum class Kind : std::uint8_t {
  uint,
  flag,
  text,
  texts,
  code,
  stage,
  certainty,
  function_kind,
  per,
  exception,
  group,
  receipt
};

struct Key {
  std::string_view name;
  Kind kind;
  bool required = true;
};
using Keys = std::span<const Key>;

constexpr Key boot_keys[] = {{"modules", Kind::texts}, {"path", Kind::texts},    {"concurrency", Kind::uint},
                             {"threads", Kind::uint},  {"pool", Kind::text},     {"payload_bytes_max", Kind::uint},
                             {"setup_by", Kind::uint}, {"grace_ms", Kind::uint}, {"uvloop", Kind::flag}};
constexpr Key function_keys[] = {{"name", Kind::text},  {"kind", Kind::function_kind}, {"signature", Kind::text},
                                 {"doc", Kind::text},   {"limit", Kind::uint},         {"per", Kind::per},
                                 {"notes", Kind::texts}};
constexpr Key client_keys[] = {{"name", Kind::text}, {"pid", Kind::uint}, {"window", Kind::uint}};
constexpr Key daemon_keys[] = {
    {"pid", Kind::uint}, {"window", Kind::uint}, {"payload_bytes_max", Kind::uint}, {"release", Kind::text}};
constexpr Key error_keys[] = {{"code", Kind::code},
                              {"stage", Kind::stage},
                              {"certainty", Kind::certainty},
                              {"message", Kind::text},
                              {"attempts", Kind::uint, false},
                              {"retry_after_ms", Kind::uint, false},
                              {"signal", Kind::uint, false},
                              {"exit_code", Kind::uint, false},
                              {"collateral", Kind::flag, false},
                              {"culprit", Kind::text, false},
                              {"culprit_call", Kind::uint, false},
                              {"python_stack", Kind::text, false},
                              {"exception", Kind::exception, false},
                              {"items", Kind::uint, false}};
constexpr Key receipt_keys[] = {{"what", Kind::receipt}, {"after", Kind::uint, false}, {"where", Kind::text, false}};
constexpr Key exception_keys[] = {
    {"type", Kind::text},          {"message", Kind::text},           {"traceback", Kind::text, false},
    {"notes", Kind::texts, false}, {"cause", Kind::exception, false}, {"explicit", Kind::flag, false},
    {"group", Kind::group, false}, {"left_out", Kind::uint, false}};

bool text(Cursor& cursor, std::string_view& out) noexcept { return cursor.string(out) && valid_utf8(out); }

bool texts(Cursor& cursor) noexcept {
  std::size_t count = 0;
  if (!cursor.array(count)) return false;
  std::string_view each;
  for (std::size_t i = 0; i < count; ++i) {
    if (!text(cursor, each)) return false;
  }
  return true;
}

bool map(Cursor& cursor, Keys keys, std::size_t nesting) noexcept;

bool group(Cursor& cursor, std::size_t nesting) noexcept {
  std::size_t count = 0;
  if (!cursor.array(count) || count > limits::group_members_max) return false;
  if (count != 0 && nesting > limits::causes_max) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (!map(cursor, exception_keys, nesting + 1)) return false;
  }
  return true;
}

bool value(Cursor& cursor, Kind kind, std::size_t nesting) noexcept {
  std::uint64_t number = 0;
  bool flag = false;
  std::string_view name;
  switch (kind) {
    case Kind::uint:
      return cursor.uint(number);
    case Kind::flag:
      return cursor.boolean(flag);
    case Kind::text:
      return text(cursor, name);
    case Kind::texts:
      return texts(cursor);
    case Kind::code:
      return cursor.string(name) && code_from(name).has_value();
    case Kind::stage:
      return cursor.string(name) && stage_from(name).has_value();
    case Kind::certainty:
      return cursor.string(name) && certainty_from(name).has_value();
    case Kind::function_kind:
      return cursor.string(name) &&
             (name == "coroutine" || name == "async_generator" || name == "generator" || name == "plain");
    case Kind::per:
      return cursor.string(name) && (name == "worker" || name == "pool");
    // A member or cause of the outermost is nested once, and so on.
    case Kind::exception:
      return nesting <= limits::causes_max && map(cursor, exception_keys, nesting + 1);
    case Kind::group:
      return group(cursor, nesting);
    case Kind::receipt:
      return cursor.string(name) && cancel_end_from(name).has_value();
  }
  return false;
}

bool map(Cursor& cursor, Keys keys, std::size_t nesting) noexcept {
  std::size_t pairs = 0;
  if (!cursor.map(pairs)) return false;
  unsigned seen = 0;
  for (std::size_t i = 0; i < pairs; ++i) {
    std::string_view name;
    if (!cursor.string(name)) return false;
    std::size_t at = 0;
    while (at < keys.size() && keys[at].name != name) ++at;
    if (at == keys.size() || (seen >> at & 1u) != 0) return false;
    seen |= 1u << at;
    if (!value(cursor, keys[at].kind, nesting)) return false;
  }
  for (std::size_t at = 0; at < keys.size(); ++at) {
    if (keys[at].required && (seen >> at & 1u) == 0) return false;
  }
  return true;
}

bool valid_map(Span encoded, Keys keys) noexcept {
  Cursor cursor(encoded);
  return map(cursor, keys, 0) && cursor.at_end();
}

bool valid_left_out(Span encoded) noexcept {
  Cursor cursor(encoded);
  std::size_t count = 0;
  if (!cursor.array(count)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t two = 0;
    std::string_view part;
    if (!cursor.array(two) || two != 2 || !text(cursor, part) || !text(cursor, part)) return false;
  }
  return true;
}

Refusal check_registration(const Record& record) noexcept {
  Cursor functions(record.field[0]);
  std::size_t count = 0;
  if (!functions.array(count)) return Refusal::wrong_field;
  if (count > limits::functions_max) return Refusal::over_limit;
  for (std::size_t i = 0; i < count; ++i) {
    if (!map(functions, function_keys, 0)) return Refusal::wrong_field;
  }
  return valid_left_out(record.field[1]) ? Refusal::none : Refusal::wrong_field;
}

Refusal wrong_unless(bool right) noexcept { return right ? Refusal::none : Refusal::wrong_field; }

Refusal check_items(const Record& record) noexcept {
  const auto items = items_in(record);
  if (items > limits::stream_batch_items_max) return Refusal::over_limit;
  return wrong_unless(items != 0);
}

Refusal check_error(Span encoded) noexcept {
  if (encoded.size() > limits::error_bytes_max) return Refusal::over_limit;
  return wrong_unless(valid_error(encoded));
}

}  // namespace

bool valid_error(Span encoded) noexcept { return valid_map(encoded, error_keys); }

bool valid_text_map(Span encoded) {
  Cursor cursor(encoded);
  std::size_t pairs = 0;
  if (!cursor.map(pairs)) return false;
  std::string_view each;
  for (std::size_t i = 0; i < 2 * pairs; ++i) {
    if (!text(cursor, each)) return false;
  }
  return scan(encoded) == ScanError::none;  // no key twice
}

Refusal check_fields(const Record& record) {
  switch (record.type) {
    case RecordType::boot:
      return wrong_unless(valid_map(record.field[0], boot_keys));
    case RecordType::attach:
      return wrong_unless(record.number[0] <= lane_max && valid_text_map(record.field[1]));
    case RecordType::registration:
      return check_registration(record);
    case RecordType::boot_failed:
    case RecordType::error:
    case RecordType::refused:
      return check_error(record.field[0]);
    case RecordType::cancel:
      return wrong_unless(record.number[2] <= cancel_why_max);
    case RecordType::item:
      return check_items(record);
    case RecordType::receipt:
      return wrong_unless(valid_map(record.field[0], receipt_keys));
    case RecordType::hello:
      return wrong_unless(valid_map(record.field[0], client_keys));
    case RecordType::welcome:
      return wrong_unless(valid_map(record.field[0], daemon_keys));
    case RecordType::call:
      return record.field[0].size() > limits::function_name_bytes_max ? Refusal::over_limit : Refusal::none;
    default:
      return Refusal::none;
  }
}

}  // namespace clutch::protocol
