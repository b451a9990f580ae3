// `clutch functions`, `clutch ps` and `clutch quarantine`.
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

std::string text_of(const Value& value) {
  const auto* text = value.get_if<std::string>();
  return text != nullptr ? *text : to_json(value);
}

std::string aligned(const std::vector<std::vector<std::string>>& lines) {
  std::string out;
  for (const auto& line : lines) {
    for (std::size_t column = 0; column < line.size(); ++column) {
      std::size_t width = 0;
      for (const auto& other : lines) width = std::max(width, other[column].size());
      out += fmt::format("{:<{}}", line[column], width + 2);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

// A table of records that all have the keys of the first; lists in them follow as tables of their own.
std::string table(const std::string& title, const Value::Array& rows) {
  const auto* first = rows.empty() ? nullptr : rows[0].get_if<Value::Map>();
  if (first == nullptr) return fmt::format("{}: {}\n", title, rows.empty() ? "none" : to_json(rows));
  std::vector<std::vector<std::string>> lines(1);
  for (const auto& [key, value] : *first) {
    if (!value.is<Value::Array>()) lines[0].push_back(text_of(key));
  }
  std::string below;
  for (const Value& row : rows) {
    auto& line = lines.emplace_back();
    for (const auto& key : lines[0]) line.push_back(row.find(key) != nullptr ? text_of(*row.find(key)) : "");
    const auto* pairs = row.get_if<Value::Map>();
    for (std::size_t i = 0; pairs != nullptr && i < pairs->size(); ++i) {
      const auto& [key, value] = (*pairs)[i];
      const auto* inner = value.get_if<Value::Array>();
      if (inner != nullptr) below += table(fmt::format("{} of {}", text_of(key), line.empty() ? "" : line[0]), *inner);
    }
  }
  return title + '\n' + indented(aligned(lines), "  ") + below;
}

// As PROTOCOL.md, QUERY, has it, the daemon decides what there is: it is shown whatever it is.
std::string described(const Value& processes) {
  std::string out;
  const auto* pairs = processes.get_if<Value::Map>();
  if (pairs == nullptr) return to_json(processes, Layout::indented);
  for (const auto& [key, value] : *pairs) {
    if (const auto* rows = value.get_if<Value::Array>()) {
      out += table(text_of(key), *rows);
    } else if (value.is<Value::Map>()) {
      out += table(text_of(key), {value});
    } else {
      out += text_of(key) + ": " + text_of(value) + '\n';
    }
  }
  if (out.ends_with('\n')) out.pop_back();
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

int quarantine(const Options& options, Target& target) {
  const auto& lift = options.quarantine.lift;
  const auto done = lift.empty() ? target.quarantine() : target.command("lift", {{Value("fingerprint"), Value(lift)}});
  if (!done) return report(options, done.error(), Exit::failed);
  return print(options.json ? to_json(success(done.value())) : described(done.value()));
}

int list_processes(const Options& options, Target& target) {
  const auto processes = target.processes();
  if (!processes) return report(options, processes.error(), Exit::failed);
  return print(options.json ? to_json(success(processes.value())) : described(processes.value()));
}

}  // namespace clutch::cli
