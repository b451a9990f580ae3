#include "daemon/config_table.hpp"

#include <algorithm>

#include "text/duration.hpp"
#include "text/nearest.hpp"

namespace clutch::daemon {
namespace {

std::string place_of(const toml::node* node) {
  if (node == nullptr || !node->source().begin) return "";
  const auto& path = node->source().path;
  return (path ? *path : "") + ":" + std::to_string(node->source().begin.line) + ": ";
}

std::uint64_t number_of(const toml::node& node, const ConfigTable& table, std::string_view key, std::int64_t most) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value || *value < 0 || *value > most) table.fail(key, "must be a whole number, 0 or more");
  return static_cast<std::uint64_t>(*value);
}

}  // namespace

std::string ConfigTable::full_name(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

void ConfigTable::fail(std::string_view key, const std::string& what) const {
  throw ConfigError(place_of(table_.get(key)) + "`" + full_name(key) + "` " + what);
}

const toml::node* ConfigTable::find(std::string_view key) {
  known_.push_back(key);
  return table_.get(key);
}

void ConfigTable::read(std::string_view key, std::string& out) {
  const auto* node = find(key);
  if (node == nullptr) return;
  if (!node->is_string()) fail(key, "must be a text in quotes");
  out = node->as_string()->get();
}

void ConfigTable::read(std::string_view key, std::uint32_t& out, std::uint32_t least) {
  const auto* node = find(key);
  if (node == nullptr) return;
  out = static_cast<std::uint32_t>(number_of(*node, *this, key, UINT32_MAX));
  if (out < least) fail(key, "must be at least " + std::to_string(least));
}

void ConfigTable::read(std::string_view key, std::uint64_t& out, std::uint64_t least) {
  const auto* node = find(key);
  if (node == nullptr) return;
  out = number_of(*node, *this, key, INT64_MAX);
  if (out < least) fail(key, "must be at least " + std::to_string(least));
}

void ConfigTable::read(std::string_view key, bool& out) {
  const auto* node = find(key);
  if (node == nullptr) return;
  if (!node->is_boolean()) fail(key, "must be true or false");
  out = node->as_boolean()->get();
}

void ConfigTable::read(std::string_view key, std::chrono::nanoseconds& out) {
  const auto* node = find(key);
  if (node == nullptr) return;
  const auto duration = node->is_string() ? text::parse_duration(node->as_string()->get()) : std::nullopt;
  if (!duration) fail(key, "must be a duration in quotes, for instance \"30s\" or \"500ms\"");
  out = *duration;
}

void ConfigTable::read(std::string_view key, std::vector<std::string>& out) {
  const auto* node = find(key);
  if (node == nullptr) return;
  if (!node->is_array()) fail(key, "must be a list of texts, for instance [\"a\", \"b\"]");
  out.clear();
  for (const auto& each : *node->as_array()) {
    if (!each.is_string()) fail(key, "must be a list of texts, for instance [\"a\", \"b\"]");
    out.push_back(each.as_string()->get());
  }
}

void ConfigTable::read(std::string_view key, std::map<std::string, std::string>& out) {
  const auto* node = find(key);
  if (node == nullptr) return;
  if (!node->is_table()) fail(key, "must be a table of texts, for instance { NAME = \"value\" }");
  for (const auto& [name, value] : *node->as_table()) {
    if (!value.is_string()) fail(key, "must be a table of texts, for instance { NAME = \"value\" }");
    out[std::string(name.str())] = value.as_string()->get();
  }
}

void ConfigTable::read(std::string_view key, std::vector<std::vector<std::uint32_t>>& out) {
  const auto* node = find(key);
  if (node == nullptr) return;
  constexpr auto wanted = "must be a list of lists of CPUs, for instance [[0, 1], [2, 3]]";
  if (!node->is_array()) fail(key, wanted);
  for (const auto& worker : *node->as_array()) {
    if (!worker.is_array() || worker.as_array()->empty()) fail(key, wanted);
    auto& cpus = out.emplace_back();
    for (const auto& cpu : *worker.as_array())
      cpus.push_back(static_cast<std::uint32_t>(number_of(cpu, *this, key, UINT32_MAX)));
  }
}

const toml::table* ConfigTable::table(std::string_view key) {
  const auto* node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) fail(key, "must be a table: [" + full_name(key) + "]");
  return node->as_table();
}

void ConfigTable::refuse_others() const {
  for (const auto& [key, node] : table_) {
    const std::string_view name = key.str();
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    std::string hint;
    if (const auto nearest = text::nearest(name, known_, 1 + name.size() / 3)) {
      hint = ": did you mean `" + full_name(*nearest) + "`?";
    } else {
      for (const auto known : known_) hint += (hint.empty() ? ": there are `" : "`, `") + std::string(known);
      hint += hint.empty() ? "" : "`";
    }
    fail(name, "is not a key" + hint);
  }
}

}  // namespace clutch::daemon
