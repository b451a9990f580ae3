// JSON to Value, in one pass, without a document in between: integers stay exact, and what does not cross is refused
// where it stands. The parser does not recurse, so no depth of the text can hurt it.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base64.hpp"
#include "clutch/protocol/limits.hpp"
#include "json.hpp"

namespace clutch::cli {
namespace {

using Json = nlohmann::json;

/// A pair with a name of ours for what JSON has no word for.
std::optional<Value> special(const Value::Map& pairs, std::string& problem) {
  if (pairs.size() != 1) return std::nullopt;
  const auto& key = *pairs[0].first.get_if<std::string>();
  const auto* text = pairs[0].second.get_if<std::string>();
  if (text == nullptr) return std::nullopt;
  if (key == "$bytes") {
    if (auto bytes = from_base64(*text)) return Value(Bytes(std::move(*bytes)));
    problem = R"({"$bytes": …} needs base64 text)";
  } else if (key == "$float") {
    if (*text == "nan") return Value(std::numeric_limits<double>::quiet_NaN());
    if (*text == "inf") return Value(std::numeric_limits<double>::infinity());
    if (*text == "-inf") return Value(-std::numeric_limits<double>::infinity());
    problem = R"({"$float": …} needs "nan", "inf" or "-inf")";
  }
  return std::nullopt;
}

class Builder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return add({}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    // The parser makes a float of an integer that is too large.
    if (text.find_first_of(".eE") != string_t::npos) return add(value);
    return refuse("the integer " + text + " is beyond the 64 bits that cross");
  }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(true); }
  bool key(string_t& name) override {
    levels_.back().pairs.emplace_back(std::move(name), Value());
    return true;
  }
  bool end_object() override {
    Value::Map pairs = std::move(levels_.back().pairs);
    levels_.pop_back();
    auto named = special(pairs, problem);
    if (!problem.empty()) return false;
    return add(named ? std::move(*named) : Value(std::move(pairs)));
  }
  bool start_array(std::size_t) override { return open(false); }
  bool end_array() override {
    Value::Array items = std::move(levels_.back().items);
    levels_.pop_back();
    return add(std::move(items));
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    is_json = false;
    const std::string text = error.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 3: …"
    const auto end = text.find("] ");
    return refuse(end == std::string::npos ? text : text.substr(end + 2));
  }

  Value root;
  std::string problem;
  bool is_json = true;

 private:
  struct Level {
    bool object;
    Value::Array items;
    Value::Map pairs;
  };

  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }
  bool open(bool object) {
    if (levels_.size() == limits::depth_max)
      return refuse("it is nested more than " + std::to_string(limits::depth_max) + " deep");
    levels_.push_back({object, {}, {}});
    return true;
  }
  bool add(Value item) {
    if (levels_.empty()) {
      root = std::move(item);
    } else if (levels_.back().object) {
      levels_.back().pairs.back().second = std::move(item);
    } else {
      levels_.back().items.push_back(std::move(item));
    }
    return true;
  }

  std::vector<Level> levels_;
};

}  // namespace

ReadJson read_json(std::string_view text) {
  Builder builder;
  if (Json::sax_parse(text, &builder)) return {std::move(builder.root), {}, true};
  return {std::nullopt, std::move(builder.problem), builder.is_json};
}

}  // namespace clutch::cli
