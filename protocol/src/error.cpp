#include "clutch/protocol/error.hpp"

#include <algorithm>
#include <array>

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

void describe(const PythonException& exception, std::string& out) {
  if (exception.cause && exception.traceback.empty()) describe(*exception.cause, out);
  if (!exception.traceback.empty()) {
    out += exception.traceback;
    if (out.back() != '\n') out += '\n';
    return;
  }
  out += exception.type + ": " + exception.message + '\n';
  for (const auto& note : exception.notes) out += note + '\n';
  for (const auto& member : exception.group) describe(member, out);
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
         a.exit_code == b.exit_code && a.python_stack == b.python_stack && same(a.exception, b.exception);
}

std::string describe(const Error& error) {
  std::string out;
  out += to_string(error.code);
  out += " (stage ";
  out += to_string(error.stage);
  out += ", ";
  out += to_string(error.certainty);
  if (error.attempts > 1) out += ", " + std::to_string(error.attempts) + " attempts";
  out += "): " + error.message;
  if (error.exception) {
    out += '\n';
    describe(*error.exception, out);
  }
  if (!error.python_stack.empty()) out += '\n' + error.python_stack;
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace clutch
