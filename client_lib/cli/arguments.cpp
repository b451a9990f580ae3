#include "arguments.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "json.hpp"

namespace clutch::cli {
namespace {

bool begins_identifier(char c) {
  // Beyond ASCII Python decides.
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

bool is_identifier(std::string_view text) {
  return !text.empty() && begins_identifier(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return begins_identifier(c) || (c >= '0' && c <= '9'); });
}

// A slip in JSON would reach Python as a string, silently, but for this.
void warn_if_meant_as_json(std::string_view text, const std::string& problem) {
  if (text.empty() || std::string_view("[{\"").find(text[0]) == std::string_view::npos) return;
  spdlog::warn("this argument is no JSON and is passed as a string: {} ({})", text, problem);
}

std::variant<Value, std::string> parse_argument(const std::string& text) {
  ReadJson read = read_json(text);
  if (read.value) return std::move(*read.value);
  if (read.is_json) return read.problem;
  warn_if_meant_as_json(text, read.problem);
  return Value(text);
}

Error line_error(std::string message) {
  Error error;
  error.code = Code::invalid_argument;
  error.stage = Stage::arguments;
  error.message = std::move(message);
  return error;
}

}  // namespace

std::variant<CallArguments, std::string> parse_arguments(const std::vector<std::string>& texts) {
  CallArguments out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto equals = texts[i].find('=');
    const bool keyword = equals != std::string::npos && is_identifier(std::string_view(texts[i]).substr(0, equals));
    auto parsed = parse_argument(keyword ? texts[i].substr(equals + 1) : texts[i]);
    if (auto* problem = std::get_if<std::string>(&parsed)) {
      return "argument " + std::to_string(i + 1) + ": " + *problem + R"( (to pass it as text, quote it: '"…"'))";
    }
    auto& value = std::get<Value>(parsed);
    if (keyword) {
      out.keywords.emplace_back(texts[i].substr(0, equals), std::move(value));
    } else {
      out.positional.push_back(std::move(value));
    }
  }
  return out;
}

Result<CallArguments> parse_line(std::string_view line, bool spread) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos)
    return line_error("the line is empty: each is one JSON value");
  ReadJson read = read_json(line);
  if (!read.value)
    return line_error("the line " + std::string(read.is_json ? "does not cross: " : "is not JSON: ") + read.problem);
  CallArguments out;
  if (auto* items = read.value->get_if<Value::Array>(); spread && items != nullptr) {
    out.positional = std::move(*items);
  } else if (auto* pairs = read.value->get_if<Value::Map>(); spread && pairs != nullptr) {
    for (auto& [key, value] : *pairs)
      out.keywords.emplace_back(std::move(*key.get_if<std::string>()), std::move(value));
  } else {
    out.positional.push_back(std::move(*read.value));
  }
  return out;
}

}  // namespace clutch::cli
