// `clutch run` and `clutch call`: one call, its value to stdout.
#include <cstdio>

#include "commands.hpp"
#include "exit_code.hpp"
#include "json.hpp"
#include "output.hpp"

namespace clutch::cli {
namespace {

Result<Value> wait(Call<Value> call, Signals& signals) {
  const auto cancel = call.cancel_handle();
  signals.handle(
      [&signals, cancel](int count) {
        if (count > 1) signals.leave();
        cancel.cancel();
      },
      close_time);
  auto result = call.get();
  signals.release();
  return result;
}

std::string printed(const Value& value) {
  if (const auto* text = value.get_if<std::string>()) return *text;
  return to_json(value, Layout::indented);
}

}  // namespace

int print(std::string_view text) {
  Output output;
  if (output.line(text) && output.flush()) return Exit::done;
  if (output.closed()) return Exit::output_closed;
  std::fprintf(stderr, "clutch: %s\n", output.problem().c_str());
  return Exit::failed;
}

int report(const Options& options, const Error& error, int code) {
  if (!options.json) {
    std::fprintf(stderr, "clutch: %s\n", describe(error).c_str());
    return code;
  }
  const int printed = print(to_json(failure(error)));
  return printed == Exit::done ? code : printed;
}

int call_once(const Options& options, CallArguments arguments, Target& target, Signals& signals) {
  const Caller caller = target.caller().with(options.call);
  const Result<Value> result = wait(caller.apply<Value>(options.function, std::move(arguments)), signals);
  const bool interrupted = signals.count() > 0 && !result && result.error().code == Code::cancelled;
  if (!result) {
    const int code = report(options, result.error(), interrupted ? signals.exit_code() : Exit::failed);
    // Its code may run on, and hear nothing.
    if (result.error().code == Code::deadline_exceeded || result.error().code == Code::cancelled) target.hurry();
    return code;
  }
  return print(options.json ? to_json(success(result.value())) : printed(result.value()));
}

}  // namespace clutch::cli
