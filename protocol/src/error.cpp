#include "clutch/protocol/error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace clutch {
namespace {

constexpr std::array<std::string_view, 12> codes = {
    "failed",      "invalid_argument", "not_found",       "deadline_exceeded", "cancelled",    "overloaded",
    "unavailable", "worker_lost",      "connection_lost", "quarantined",       "unauthorized", "internal"};
constexpr std::array<std::string_view, 8> stages = {"import",    "setup", "queue",  "lookup",
                                                    "arguments", "run",   "result", "transport"};
constexpr std::array<std::string_view, 3> certainties = {"not_started", "maybe_started", "started"};

template <class Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<Enum>(at - names.begin());
}

bool same(const std::shared_ptr<const PythonException>& a, const std::shared_ptr<const PythonException>& b) {
  return a == b || (a && b && *a == *b);
}

void describe(const PythonException& exception, const std::string& indent, std::string& out);

// Each line of `text`, indented.
void add_lines(std::string_view text, const std::string& indent, std::string& out) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    if (!line.empty()) out.append(indent).append(line);
    out += '\n';
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
}

void describe_group(const PythonException& exception, const std::string& indent, std::string& out) {
  for (std::size_t i = 0; i < exception.group.size(); ++i) {
    add_lines("-------- " + std::to_string(i + 1) + " of the group --------", indent + "  ", out);
    describe(exception.group[i], indent + "  ", out);
  }
}

// In Python's order and words: the cause first. A traceback ends with the type, the message and the notes.
void describe(const PythonException& exception, const std::string& indent, std::string& out) {
  if (exception.cause) {
    describe(*exception.cause, indent, out);
    add_lines(exception.explicit_cause ? "\nThe above exception was the direct cause of the following exception:\n\n"
                                       : "\nDuring handling of the above exception, another exception occurred:\n\n",
              indent, out);
  }
  if (!exception.traceback.empty()) {
    add_lines(exception.traceback, indent, out);
  } else {
    add_lines(exception.type + ": " + exception.message, indent, out);
    for (const auto& note : exception.notes) add_lines(note, indent, out);
  }
  describe_group(exception, indent, out);
  if (exception.left_out != 0) {
    add_lines("(" + std::to_string(exception.left_out) + " more exceptions left out)", indent, out);
  }
}

}  // namespace

std::string_view to_string(Code code) noexcept { return codes[static_cast<std::size_t>(code)]; }
std::string_view to_string(Stage stage) noexcept { return stages[static_cast<std::size_t>(stage)]; }
std::string_view to_string(Certainty certainty) noexcept { return certainties[static_cast<std::size_t>(certainty)]; }
std::optional<Code> code_from(std::string_view name) noexcept { return find<Code>(codes, name); }
std::optional<Stage> stage_from(std::string_view name) noexcept { return find<Stage>(stages, name); }
std::optional<Certainty> certainty_from(std::string_view name) noexcept { return find<Certainty>(certainties, name); }

bool operator==(const PythonException& a, const PythonException& b) {
  return a.type == b.type && a.message == b.message && a.traceback == b.traceback && a.notes == b.notes &&
         a.explicit_cause == b.explicit_cause && a.group == b.group && a.left_out == b.left_out &&
         same(a.cause, b.cause);
}

bool operator==(const Error& a, const Error& b) {
  return a.code == b.code && a.stage == b.stage && a.certainty == b.certainty && a.message == b.message &&
         a.attempts == b.attempts && a.retry_after_ms == b.retry_after_ms && a.signal == b.signal &&
         a.exit_code == b.exit_code && a.items == b.items && a.collateral == b.collateral && a.culprit == b.culprit &&
         a.python_stack == b.python_stack && same(a.exception, b.exception);
}

Error make_error(Code code, Stage stage, Certainty certainty, std::string message) {
  Error error;
  error.code = code;
  error.stage = stage;
  error.certainty = certainty;
  error.message = std::move(message);
  return error;
}

std::string describe(const Error& error) {
  std::string out;
  out += to_string(error.code);
  out += " (stage ";
  out += to_string(error.stage);
  out += ", ";
  out += to_string(error.certainty);
  if (error.attempts > 1) out += ", " + std::to_string(error.attempts) + " attempts";
  if (error.items) out += ", after " + std::to_string(*error.items) + (*error.items == 1 ? " item" : " items");
  out += "): " + error.message;
  if (error.exception) {
    out += '\n';
    describe(*error.exception, "", out);
  }
  if (!error.python_stack.empty()) out += '\n' + error.python_stack;
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace clutch
