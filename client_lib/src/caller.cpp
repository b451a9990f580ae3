#include "clutch/caller.hpp"

#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/scan.hpp"

namespace clutch {
namespace {

CallOptions merged(CallOptions base, CallOptions&& over) {
  if (over.timeout) base.timeout = over.timeout;
  if (over.attempt_timeout) base.attempt_timeout = over.attempt_timeout;
  if (over.queue_timeout) base.queue_timeout = over.queue_timeout;
  if (over.retry) base.retry = std::move(over.retry);
  for (auto& [key, value] : over.metadata) base.metadata.insert_or_assign(key, std::move(value));
  if (over.priority) base.priority = over.priority;
  if (!over.pool.empty()) base.pool = std::move(over.pool);
  if (!over.idempotency_key.empty()) base.idempotency_key = std::move(over.idempotency_key);
  if (over.stream_window_items != 0) base.stream_window_items = over.stream_window_items;
  if (over.stream_window_bytes != 0) base.stream_window_bytes = over.stream_window_bytes;
  return base;
}

std::optional<Error> check_metadata(const CallOptions& options) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : options.metadata) {
    bytes += key.size() + value.size();
    if (!protocol::valid_utf8(key) || !protocol::valid_utf8(value)) {
      return detail::argument_error("the metadata are not valid UTF-8");
    }
  }
  if (options.metadata.size() > limits::metadata_entries_max || bytes > limits::metadata_bytes_max) {
    return detail::argument_error("the metadata are too large: at most " +
                                  std::to_string(limits::metadata_entries_max) + " entries and " +
                                  std::to_string(limits::metadata_bytes_max) + " bytes");
  }
  return std::nullopt;
}

}  // namespace

Caller::Caller(std::shared_ptr<detail::Engine> engine, CallOptions options)
    : engine_(std::move(engine)), options_(std::make_shared<const CallOptions>(std::move(options))) {}

Caller Caller::with(CallOptions options) const { return {engine_, merged(*options_, std::move(options))}; }

namespace detail {

void throw_consumed() {
  throw misuse("this Call is consumed already: get(), co_await, then(), detach() or a move took it");
}

void throw_empty_race() { throw misuse("a race of no calls has no outcome"); }

std::optional<Error> check_call(std::string_view function, const CallOptions& options) {
  if (function.size() > limits::function_name_bytes_max || !protocol::valid_utf8(function)) {
    Error error;
    error.code = Code::not_found;
    error.stage = Stage::lookup;
    error.message = "no function has a name of " + std::to_string(function.size()) + " bytes, or one that is not UTF-8";
    return error;
  }
  const auto& key = options.idempotency_key;
  if (key.size() > limits::idempotency_key_bytes_max || !protocol::valid_utf8(key)) {
    return argument_error("the idempotency key is too long, or not valid UTF-8: it has at most " +
                          std::to_string(limits::idempotency_key_bytes_max) + " bytes");
  }
  return options.metadata.empty() ? std::nullopt : check_metadata(options);
}

void submit_arguments(const CallRef& call, std::string_view function, const CallOptions& options,
                      CallArguments&& arguments) {
  if (auto wrong = check_call(function, options)) return refuse(call, std::move(*wrong));
  Result<Request> request = encode_arguments_of(std::move(arguments));
  if (!request.ok()) return refuse(call, request.error());
  call->engine()->submit(call, function, std::move(request.value()), options);
}

}  // namespace detail
}  // namespace clutch
