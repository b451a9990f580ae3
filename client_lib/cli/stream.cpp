// `clutch stream`, and `run` and `call` of a generator: a line of JSON to stdout for each item, as it comes.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

#include "clutch/protocol/limits.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "json.hpp"
#include "output.hpp"

namespace clutch::cli {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(100);  // at the reader of the output

bool ignored(const Result<CancelReceipt>& receipt) {
  return receipt.ok() && receipt.value().what == CancelEnd::ignored;
}

class StreamLines {
 public:
  StreamLines(const Options& options, Stream<Value> stream, Signals& signals)
      : options_(options), stream_(std::move(stream)), signals_(signals) {}

  int run() {
    signals_.handle(
        [this, cancel = stream_.cancel_handle()](int count) {
          if (count > 1) signals_.leave();
          cancel.cancel();
        },
        close_time);
    std::optional<Error> error;
    const bool left = print(error);
    if (left) error = close();
    if (error && error->code == Code::deadline_exceeded) goes_on_ = true;
    const bool written = output_.flush();
    signals_.release();
    if (error && (error->items || printed_ > 0)) error->items = printed_;  // more may have come than was printed
    if (left && signals_.count() == 0) return end_of_left(error);
    return written ? end_of(error, left) : end_of_output();
  }

  /// Its code may run on, and hear nothing.
  [[nodiscard]] bool may_go_on() const noexcept { return goes_on_; }

 private:
  // Whether there may be more, which nobody wants.
  bool print(std::optional<Error>& error) {
    while (options_.stream.limit == 0 || printed_ < options_.stream.limit) {
      auto next = stream_.next();
      if (signals_.count() > 0 || !wait(next)) return true;
      auto item = next.get();
      if (!item) return false;
      if (!item->ok()) {
        error = item->error();
        return false;
      }
      text_.clear();
      write_json(text_, item->value());
      if (!output_.line(text_)) return true;
      ++printed_;
    }
    return true;
  }

  // False: nobody reads the output, or the generator is to be closed.
  bool wait(Next<Value>& next) {
    if (next.wait_for(std::chrono::seconds(0))) return true;
    if (!output_.flush()) return false;
    while (!next.wait_for(look_interval)) {
      if (signals_.count() > 0 || output_.reader_left()) return false;
    }
    return true;
  }

  // Returns when the generator's `finally` has run, or after a while. What the end was, if not a plain one.
  std::optional<Error> close() {
    auto receipt = stream_.cancel();
    goes_on_ = !receipt.wait_for(close_time) || ignored(receipt.get());
    if (goes_on_) spdlog::warn("`{}` was told to close and goes on", options_.function);
    auto next = stream_.next();
    if (!next.wait_for(look_interval)) return std::nullopt;
    const auto end = next.get();
    return end && !end->ok() ? std::optional(end->error()) : std::nullopt;
  }

  int end_of_left(const std::optional<Error>& error) {
    if (error && error->code != Code::cancelled)
      spdlog::warn("`{}` did not close well: {}", options_.function, describe(*error));
    return output_.problem().empty() ? Exit::done : end_of_output();
  }

  int end_of(const std::optional<Error>& error, bool left) {
    if (!error) return left ? signals_.exit_code() : Exit::done;
    const bool interrupted = signals_.count() > 0 && error->code == Code::cancelled;
    return report(options_, *error, interrupted ? signals_.exit_code() : Exit::failed);
  }

  int end_of_output() {
    if (output_.closed()) return signals_.count() > 0 ? signals_.exit_code() : Exit::done;
    std::fprintf(stderr, "clutch: %s\n", output_.problem().c_str());
    return Exit::failed;
  }

  const Options& options_;
  Stream<Value> stream_;
  Signals& signals_;
  Output output_;
  std::string text_;
  std::uint64_t printed_ = 0;
  bool goes_on_ = false;
};

}  // namespace

int print_stream(const Options& options, CallArguments arguments, Target& target, Signals& signals) {
  CallOptions call = options.call;
  // So that little is produced that nobody will see.
  if (options.stream.limit != 0) call.stream_window_items = std::min(options.stream.limit, limits::stream_window_items);
  StreamLines lines(options, target.caller().with(call).apply_stream<Value>(options.function, std::move(arguments)),
                    signals);
  const int code = lines.run();
  if (lines.may_go_on()) target.hurry();
  return code;
}

bool is_generator(const Options& options, Target& target) {
  const auto list = target.functions();
  if (!list) return false;  // the call will tell why
  const auto& pool = options.call.pool;
  return std::any_of(list.value().functions.begin(), list.value().functions.end(), [&](const FunctionInfo& function) {
    return function.name == options.function && function.kind.ends_with("generator") &&
           (pool.empty() || function.pool == pool);
  });
}

}  // namespace clutch::cli
