#include "clutch/result.hpp"

namespace clutch {

CallError::CallError(Error error)
    : std::runtime_error(describe(error)), error_(std::make_shared<const Error>(std::move(error))) {}

namespace detail {

void throw_call_error(const Error& error) { throw CallError(error); }

void throw_not_an_error() { throw misuse("error() of a Result that has a value"); }

Error result_error(const char* what) {
  Error error;
  error.code = Code::invalid_argument;
  error.stage = Stage::result;
  error.certainty = Certainty::started;
  error.message = std::string("the result does not fit the type asked for: ") + what;
  return error;
}

}  // namespace detail
}  // namespace clutch
