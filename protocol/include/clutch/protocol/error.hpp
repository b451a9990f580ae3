// The error model, one for C++, Python, the wire, the command line and the docs: PROTOCOL.md, "Errors".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clutch {

/// What the caller can do about it.
enum class Code : std::uint8_t {
  failed,             ///< the Python function raised: see Error::exception
  invalid_argument,   ///< an argument or the result does not cross, or does not fit the function: mend the call
  not_found,          ///< no such function in the pool
  deadline_exceeded,  ///< a timeout of the caller's expired: see the message for which
  cancelled,          ///< the caller cancelled
  overloaded,         ///< refused or discarded for want of room: try again after Error::retry_after_ms
  unavailable,        ///< never executed: safe to send again
  worker_lost,        ///< the worker died while it had the call
  connection_lost,    ///< the daemon died or cannot be reached any more
  quarantined,        ///< not executed: it killed workers again and again
  unauthorized,       ///< this client may not
  internal,           ///< a defect of clutch: please report it
};

/// Where in its way the call ended.
enum class Stage : std::uint8_t { import, setup, queue, lookup, arguments, run, result, transport };

/// Whether the function's code ran.
enum class Certainty : std::uint8_t { not_started, maybe_started, started };

[[nodiscard]] std::string_view to_string(Code) noexcept;
[[nodiscard]] std::string_view to_string(Stage) noexcept;
[[nodiscard]] std::string_view to_string(Certainty) noexcept;
[[nodiscard]] std::optional<Code> code_from(std::string_view) noexcept;
[[nodiscard]] std::optional<Stage> stage_from(std::string_view) noexcept;
[[nodiscard]] std::optional<Certainty> certainty_from(std::string_view) noexcept;

/// A Python exception as plain data; no class is ever rebuilt from it.
struct PythonException {
  std::string type = {};       ///< qualified, "ValueError" or "shop.errors.OutOfStock"
  std::string message = {};    ///< str(exception), guarded and bounded
  std::string traceback = {};  ///< as Python prints it, file and line, bounded
  std::vector<std::string> notes = {};
  std::shared_ptr<const PythonException> cause = {};  ///< __cause__ or __context__; null if none
  bool explicit_cause = false;                        ///< cause is __cause__ ("raise … from …")
  std::vector<PythonException> group = {};            ///< members of an exception group
  std::uint64_t left_out = 0;                         ///< causes or members beyond the bounds

  friend bool operator==(const PythonException&, const PythonException&);
};

/// The call that blocked, or crashed, its worker.
struct Culprit {
  std::string function = {};
  std::uint64_t call = 0;  ///< its id, as `current_call().id` has it and logs show it

  friend bool operator==(const Culprit&, const Culprit&) = default;
};

/// Why a call, or a start, did not give a value. A plain value: copy, keep and compare it.
struct Error {
  Code code = Code::internal;
  Stage stage = Stage::transport;
  Certainty certainty = Certainty::not_started;
  std::string message = {};  ///< one sentence for a person, that says what to do where something can be done
  std::uint64_t attempts = 1;
  std::optional<std::uint64_t> retry_after_ms = {};
  std::optional<std::uint64_t> signal = {};     ///< with worker_lost: it was killed by this signal
  std::optional<std::uint64_t> exit_code = {};  ///< with worker_lost: it exited with this status
  std::optional<std::uint64_t> items = {};      ///< of a stream: how many items came before
  /// With worker_lost: it was another call, `culprit`, that blocked or crashed the worker.
  bool collateral = false;
  /// With worker_lost, and deadline_exceeded while the loop was blocked: whose doing it was; empty where that is not
  /// known.
  std::optional<Culprit> culprit = {};
  /// With worker_lost after a crash, and where a blocked loop was behind the end: where Python was; else empty.
  std::string python_stack = {};
  std::shared_ptr<const PythonException> exception = {};  ///< where Python raised, else null

  friend bool operator==(const Error&, const Error&);
};

[[nodiscard]] Error make_error(Code, Stage, Certainty, std::string message);

/// The whole story on several lines: code, stage, certainty, message, then the traceback with causes and notes.
[[nodiscard]] std::string describe(const Error&);

}  // namespace clutch
