#include "message.hpp"

namespace clutch::protocol::test {

ByteVector message_of(RecordType type, std::size_t fields, const std::function<void(Writer&)>& write) {
  Envelope envelope;
  envelope.begin(own_epoch);
  write(envelope.record(type, fields));
  const auto bytes = envelope.finish();
  return {bytes.begin(), bytes.end()};
}

Refusal read(const ByteVector& envelope, Direction direction, std::size_t frames) {
  Message message;
  return message.read(envelope, frames, direction, own_epoch);
}

PythonException chain(std::size_t causes) {
  PythonException exception;
  exception.type = "ValueError";
  exception.message = std::to_string(causes) + " behind it";
  exception.traceback = "Traceback (most recent call last):\nValueError: " + exception.message + "\n";
  if (causes != 0) {
    exception.cause = std::make_shared<PythonException>(chain(causes - 1));
    exception.explicit_cause = true;
  }
  return exception;
}

Error whole_error() {
  Error error;
  error.code = Code::worker_lost;
  error.stage = Stage::run;
  error.certainty = Certainty::maybe_started;
  error.message = "the worker died of signal 11 (naïve)";
  error.attempts = 3;
  error.retry_after_ms = 250;
  error.signal = 11;
  error.exit_code = 1;
  error.collateral = true;
  error.culprit = Culprit{"shop.block", 4294967296};
  error.python_stack = "Fatal Python error: Segmentation fault\n";
  auto exception = chain(2);
  exception.notes = {"first", "second"};
  exception.group = {chain(0), chain(1)};
  exception.left_out = 4;
  error.exception = std::make_shared<const PythonException>(exception);
  return error;
}

}  // namespace clutch::protocol::test
