// The one way from a call to an engine.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "clutch/call_arguments.hpp"
#include "clutch/detail/arguments.hpp"
#include "clutch/detail/call_state.hpp"
#include "clutch/detail/engine.hpp"
#include "clutch/detail/stream_state.hpp"
#include "clutch/options.hpp"

namespace clutch::detail {

/// What is wrong with a call before its arguments are looked at, or nothing: a name or metadata beyond the limits.
[[nodiscard]] std::optional<Error> check_call(std::string_view function, const CallOptions& options);

/// submit() for arguments that are known only at run time.
void submit_arguments(const CallRef& call, std::string_view function, const CallOptions& options,
                      CallArguments&& arguments);

/// The call, or stream, is then under way, or over already where its arguments do not cross.
template <class... A>
void submit(const CallRef& call, std::string_view function, const CallOptions& options, A&&... arguments) {
  if (auto wrong = check_call(function, options)) return refuse(call, std::move(*wrong));
  Result<Request> request = encode_arguments(std::forward<A>(arguments)...);
  if (!request.ok()) return refuse(call, request.error());
  call->engine()->submit(call, function, std::move(request.value()), options);
}

/// A call that no engine has seen.
[[nodiscard]] inline CallRef new_call(const std::shared_ptr<Engine>& engine) { return CallRef(new CallState(engine)); }

}  // namespace clutch::detail
