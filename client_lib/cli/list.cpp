// `clutch functions` and `clutch ps`.
#include <fmt/format.h>

#include <algorithm>

#include "commands.hpp"
#include "exit_code.hpp"
#include "json.hpp"

namespace clutch::cli {
namespace {

std::string indented(std::string_view text, std::string_view by) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (end != at) out.append(by).append(text.substr(at, end - at));
    out += '\n';
    at = end + 1;
  }
  return out;
}

std::string_view keyword_of(const FunctionInfo& function) {
  return function.kind == "coroutine" || function.kind == "async_generator" ? "async def " : "def ";
}

std::string described(const FunctionInfo& function) {
  std::string out = fmt::format("{}{}{}\n", keyword_of(function), function.name, function.signature);
  if (!function.doc.empty()) out += indented(function.doc, "    ");
  if (function.kind.ends_with("generator")) out += "    - a generator: it gives items one by one\n";
  if (function.limit != 0) out += fmt::format("    - at most {} at once a {}\n", function.limit, function.per);
  for (const auto& note : function.notes) out += "    - " + note + '\n';
  return out;
}

std::string described(const FunctionList& list) {
  std::string out;
  for (const auto& function : list.functions) out += described(function);
  if (list.functions.empty()) out += "no functions\n";
  if (!list.left_out.empty()) out += "\nLeft out:\n";
  for (const auto& entry : list.left_out) out += fmt::format("    {}: {}\n", entry.name, entry.why);
  out.pop_back();
  return out;
}

// A table of records that all have the same keys.
std::string table(const Value::Array& rows) {
  std::vector<std::vector<std::string>> cells(1);
  for (const Value& row : rows) {
    const auto* pairs = row.get_if<Value::Map>();
    if (pairs == nullptr) return to_json(rows, Layout::indented);
    if (cells.size() == 1 && cells[0].empty()) {
      for (const auto& [key, value] : *pairs) cells[0].push_back(key.is<std::string>() ? *key.get_if<std::string>() : "");
    }
    auto& line = cells.emplace_back();
    for (const auto& key : cells[0]) {
      const Value* value = row.find(key);
      const auto* text = value != nullptr ? value->get_if<std::string>() : nullptr;
      line.push_back(text != nullptr ? *text : value != nullptr ? to_json(*value) : "");
    }
  }
  std::string out;
  for (const auto& line : cells) {
    for (std::size_t column = 0; column < line.size(); ++column) {
      std::size_t width = 0;
      for (const auto& other : cells) width = std::max(width, other[column].size());
      out += fmt::format("{:<{}}", line[column], width + 2);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

// Records in lists as tables, what is beside them as text.
std::string described(const Value& processes) {
  std::string out;
  const auto* pairs = processes.get_if<Value::Map>();
  if (pairs == nullptr) return to_json(processes, Layout::indented);
  for (const auto& [key, value] : *pairs) {
    const std::string name = key.is<std::string>() ? *key.get_if<std::string>() : to_json(key);
    const auto* rows = value.get_if<Value::Array>();
    if (rows != nullptr && !rows->empty()) {
      out += name + '\n' + indented(table(*rows), "  ");
    } else {
      out += name + ": " + (value.is<std::string>() ? *value.get_if<std::string>() : to_json(value)) + '\n';
    }
  }
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

Value to_value(const FunctionList& list) {
  Writer writer;
  writer.value(list);
  Reader reader(writer.bytes());
  return reader.value<Value>();
}

}  // namespace

int list_functions(const Options& options, Target& target) {
  const auto list = target.functions();
  if (!list) return report(options, list.error(), Exit::failed);
  return print(options.json ? to_json(success(to_value(list.value()))) : described(list.value()));
}

int list_processes(const Options& options, Target& target) {
  const auto processes = target.processes();
  if (!processes) return report(options, processes.error(), Exit::failed);
  return print(options.json ? to_json(success(processes.value())) : described(processes.value()));
}

}  // namespace clutch::cli
