// The wire form of Error: a map, PROTOCOL.md, "Errors".
#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/records.hpp"
#include "field_check.hpp"

namespace clutch::protocol {
namespace {

void write_exception(Writer& writer, const PythonException& exception) {
  writer.map(6 + (exception.cause ? 1 : 0) + (exception.left_out != 0 ? 1 : 0));
  writer.string("type");
  writer.string(exception.type);
  writer.string("message");
  writer.string(exception.message);
  writer.string("traceback");
  writer.string(exception.traceback);
  writer.string("notes");
  writer.array(exception.notes.size());
  for (const auto& note : exception.notes) writer.string(note);
  writer.string("explicit");
  writer.boolean(exception.explicit_cause);
  writer.string("group");
  writer.array(exception.group.size());
  for (const auto& member : exception.group) write_exception(writer, member);
  if (exception.cause) {
    writer.string("cause");
    write_exception(writer, *exception.cause);
  }
  if (exception.left_out != 0) {
    writer.string("left_out");
    writer.uint(exception.left_out);
  }
}

bool read_text(Cursor& cursor, std::string& out) {
  std::string_view text;
  if (!cursor.string(text)) return false;
  out = text;
  return true;
}

bool read_exception(Cursor& cursor, PythonException& out);

bool read_exception_field(Cursor& cursor, std::string_view key, PythonException& out) {
  if (key == "type") return read_text(cursor, out.type);
  if (key == "message") return read_text(cursor, out.message);
  if (key == "traceback") return read_text(cursor, out.traceback);
  if (key == "explicit") return cursor.boolean(out.explicit_cause);
  if (key == "left_out") return cursor.uint(out.left_out);
  std::size_t count = 0;
  if (key == "notes") {
    if (!cursor.array(count)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (!read_text(cursor, out.notes.emplace_back())) return false;
    }
    return true;
  }
  if (key == "group") {
    if (!cursor.array(count) || count > limits::group_members_max) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (!read_exception(cursor, out.group.emplace_back())) return false;
    }
    return true;
  }
  if (key == "cause") {
    auto cause = std::make_shared<PythonException>();
    if (!read_exception(cursor, *cause)) return false;
    out.cause = std::move(cause);
    return true;
  }
  return false;
}

// Depth is bounded: read_error() checked the whole before.
bool read_exception(Cursor& cursor, PythonException& out) {
  std::size_t pairs = 0;
  if (!cursor.map(pairs)) return false;
  for (std::size_t i = 0; i < pairs; ++i) {
    std::string_view key;
    if (!cursor.string(key) || !read_exception_field(cursor, key, out)) return false;
  }
  return true;
}

template <class Enum, class From>
bool read_name(Cursor& cursor, Enum& out, From from) {
  std::string_view text;
  if (!cursor.string(text)) return false;
  const auto value = from(text);
  if (!value) return false;
  out = *value;
  return true;
}

bool read_optional(Cursor& cursor, std::optional<std::uint64_t>& out) {
  std::uint64_t number = 0;
  if (!cursor.uint(number)) return false;
  out = number;
  return true;
}

bool read_field(Cursor& cursor, std::string_view key, Error& out) {
  if (key == "code") return read_name(cursor, out.code, code_from);
  if (key == "stage") return read_name(cursor, out.stage, stage_from);
  if (key == "certainty") return read_name(cursor, out.certainty, certainty_from);
  if (key == "message") return read_text(cursor, out.message);
  if (key == "attempts") return cursor.uint(out.attempts);
  if (key == "retry_after_ms") return read_optional(cursor, out.retry_after_ms);
  if (key == "signal") return read_optional(cursor, out.signal);
  if (key == "exit_code") return read_optional(cursor, out.exit_code);
  if (key == "items") return read_optional(cursor, out.items);
  if (key == "collateral") return cursor.boolean(out.collateral);
  if (key == "culprit" || key == "culprit_call") {
    if (!out.culprit) out.culprit.emplace();
    return key == "culprit" ? read_text(cursor, out.culprit->function) : cursor.uint(out.culprit->call);
  }
  if (key == "python_stack") return read_text(cursor, out.python_stack);
  if (key == "exception") {
    auto exception = std::make_shared<PythonException>();
    if (!read_exception(cursor, *exception)) return false;
    out.exception = std::move(exception);
    return true;
  }
  return false;
}

}  // namespace

void write(Writer& writer, const Error& error) {
  const auto number = [&writer](std::string_view key, std::uint64_t value) {
    writer.string(key);
    writer.uint(value);
  };
  writer.map(5 + (error.retry_after_ms ? 1 : 0) + (error.signal ? 1 : 0) + (error.exit_code ? 1 : 0) +
             (error.items ? 1 : 0) + (error.collateral ? 1 : 0) + (error.culprit ? 2 : 0) +
             (error.python_stack.empty() ? 0 : 1) + (error.exception ? 1 : 0));
  writer.string("code");
  writer.string(to_string(error.code));
  writer.string("stage");
  writer.string(to_string(error.stage));
  writer.string("certainty");
  writer.string(to_string(error.certainty));
  writer.string("message");
  writer.string(error.message);
  number("attempts", error.attempts);
  if (error.retry_after_ms) number("retry_after_ms", *error.retry_after_ms);
  if (error.signal) number("signal", *error.signal);
  if (error.exit_code) number("exit_code", *error.exit_code);
  if (error.items) number("items", *error.items);
  if (error.collateral) {
    writer.string("collateral");
    writer.boolean(true);
  }
  if (error.culprit) {
    writer.string("culprit");
    writer.string(error.culprit->function);
    number("culprit_call", error.culprit->call);
  }
  if (!error.python_stack.empty()) {
    writer.string("python_stack");
    writer.string(error.python_stack);
  }
  if (error.exception) {
    writer.string("exception");
    write_exception(writer, *error.exception);
  }
}

std::optional<Error> read_error(Span encoded) {
  if (encoded.size() > limits::error_bytes_max || !valid_error(encoded)) return std::nullopt;
  Cursor cursor(encoded);
  Error error;
  std::size_t pairs = 0;
  if (!cursor.map(pairs)) return std::nullopt;
  for (std::size_t i = 0; i < pairs; ++i) {
    std::string_view key;
    if (!cursor.string(key) || !read_field(cursor, key, error)) return std::nullopt;
  }
  return error;
}

}  // namespace clutch::protocol
