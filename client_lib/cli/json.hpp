// clutch::Value to JSON and back: docs/cli.md, "Values as JSON", has the rules. What JSON cannot say is an object with
// one key: {"$bytes": "base64"}, {"$float": "nan" | "inf" | "-inf"}; both are read and written. A timestamp is written
// as ISO 8601 text, a key that is no string as the JSON text of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "clutch/protocol/error.hpp"
#include "clutch/value.hpp"

namespace clutch::cli {

/// What a text was read as: a value, or what is wrong with it.
struct ReadJson {
  std::optional<Value> value;
  std::string problem;
  bool is_json = true;  ///< false: it does not parse; true with a problem: it is JSON that does not cross
};
[[nodiscard]] ReadJson read_json(std::string_view text);

enum class Layout : std::uint8_t { line, indented };
/// One line without its end, or indented by two spaces.
void write_json(std::string& out, const Value& value, Layout layout = Layout::line);
[[nodiscard]] inline std::string to_json(const Value& value, Layout layout = Layout::line) {
  std::string out;
  write_json(out, value, layout);
  return out;
}

/// {"code", "stage", "certainty", "message", "attempts", "exception": null or {"type", "message", "traceback", …},
/// "items", …}
[[nodiscard]] Value error_value(const Error& error);
/// {"ok": true, "value": …} and {"ok": false, "error": …}
[[nodiscard]] Value success(Value value);
[[nodiscard]] Value failure(const Error& error);

}  // namespace clutch::cli
