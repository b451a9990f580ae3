#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base64.hpp"
#include "json.hpp"

namespace clutch::cli {
namespace {

void write_text(std::string& out, std::string_view text) {
  // Not UTF-8 can only be what was typed in a shell and comes back in an error.
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void write_object(std::string& out, std::string_view key, std::string_view text) {
  out += "{\"";
  out += key;
  out += "\": \"";
  out += text;
  out += "\"}";
}

template <class T>
void write_number(std::string& out, T value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

void write_real(std::string& out, double value) {
  if (std::isnan(value)) return write_object(out, "$float", "nan");
  if (std::isinf(value)) return write_object(out, "$float", value < 0 ? "-inf" : "inf");
  const auto start = out.size();
  write_number(out, value);
  // A float stays one for whoever reads it.
  if (out.find_first_of(".e", start) == std::string::npos) out += ".0";
}

// "2024-05-17T08:30:00.25Z": what datetime.fromisoformat and msgspec read. A year of five digits is not in ISO 8601.
std::string iso_text(const Timestamp& time) {
  using std::chrono::days;
  using std::chrono::seconds;
  constexpr std::int64_t first_year = -62'135'596'800;  // 0001-01-01
  constexpr std::int64_t last_year = 253'402'300'799;   // 9999-12-31T23:59:59
  std::string out;
  if (time.seconds < first_year || time.seconds > last_year) {
    write_number(out, time.seconds);
    return out + " s since 1970";
  }
  const std::chrono::sys_time<seconds> point{seconds(time.seconds)};
  const auto day = std::chrono::floor<days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(point - day);
  std::array<char, 48> text;
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  out = text.data();
  if (time.nanoseconds != 0) {
    std::snprintf(text.data(), text.size(), ".%09u", static_cast<unsigned>(time.nanoseconds));
    out += text.data();
    while (out.ends_with('0')) out.pop_back();
  }
  return out + 'Z';
}

class JsonWriter {
 public:
  JsonWriter(std::string& out, Layout layout) : out_(out), indented_(layout == Layout::indented) {}

  void write(const Value& value) {
    std::visit([this](const auto& what) { write_any(what); }, value.any());
  }

 private:
  void write_any(std::monostate) { out_ += "null"; }
  void write_any(bool value) { out_ += value ? "true" : "false"; }
  void write_any(std::int64_t value) { write_number(out_, value); }
  void write_any(std::uint64_t value) { write_number(out_, value); }
  void write_any(double value) { write_real(out_, value); }
  void write_any(const std::string& text) { write_text(out_, text); }
  void write_any(const Bytes& bytes) { write_object(out_, "$bytes", to_base64(bytes.span())); }
  void write_any(const Timestamp& time) { write_text(out_, iso_text(time)); }
  void write_any(const Value::Array& items) {
    list('[', ']', items, [this](const Value& item) { write(item); });
  }
  void write_any(const Value::Map& pairs) {
    list('{', '}', pairs, [this](const auto& pair) {
      const auto* text = pair.first.template get_if<std::string>();
      write_text(out_, text != nullptr ? *text : to_json(pair.first));
      out_ += ": ";
      write(pair.second);
    });
  }

  template <class Items, class F>
  void list(char open, char close, const Items& items, F write_item) {
    out_ += open;
    ++depth_;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += indented_ ? "," : ", ";
      first = false;
      new_line();
      write_item(item);
    }
    --depth_;
    if (!first) new_line();
    out_ += close;
  }
  void new_line() {
    if (indented_) out_.append(1, '\n').append(2 * depth_, ' ');
  }

  std::string& out_;
  bool indented_;
  std::size_t depth_ = 0;
};

Value exception_value(const PythonException& exception) {
  Value::Array notes(exception.notes.begin(), exception.notes.end());
  Value::Array group;
  for (const auto& member : exception.group) group.push_back(exception_value(member));
  return Value::map({{"type", exception.type},
                     {"message", exception.message},
                     {"traceback", exception.traceback},
                     {"notes", std::move(notes)},
                     {"cause", exception.cause ? exception_value(*exception.cause) : Value()},
                     {"explicit_cause", exception.explicit_cause},
                     {"group", std::move(group)},
                     {"left_out", exception.left_out}});
}

}  // namespace

void write_json(std::string& out, const Value& value, Layout layout) { JsonWriter(out, layout).write(value); }

Value error_value(const Error& error) {
  Value::Map pairs = {{"code", to_string(error.code)},
                      {"stage", to_string(error.stage)},
                      {"certainty", to_string(error.certainty)},
                      {"message", error.message},
                      {"attempts", error.attempts},
                      {"exception", error.exception ? exception_value(*error.exception) : Value()}};
  if (error.items) pairs.emplace_back("items", *error.items);
  if (error.retry_after_ms) pairs.emplace_back("retry_after_ms", *error.retry_after_ms);
  if (error.signal) pairs.emplace_back("signal", *error.signal);
  if (error.exit_code) pairs.emplace_back("exit_code", *error.exit_code);
  if (error.collateral) pairs.emplace_back("collateral", true);
  if (error.culprit) {
    pairs.emplace_back("culprit", error.culprit->function);
    pairs.emplace_back("culprit_call", error.culprit->call);
  }
  if (!error.python_stack.empty()) pairs.emplace_back("python_stack", error.python_stack);
  return pairs;
}

Value success(Value value) { return Value::map({{"ok", true}, {"value", std::move(value)}}); }

Value failure(const Error& error) { return Value::map({{"ok", false}, {"error", error_value(error)}}); }

}  // namespace clutch::cli
