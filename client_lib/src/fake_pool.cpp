#include "clutch/testing/fake_pool.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "clutch/detail/arguments.hpp"
#include "clutch/detail/completion_thread.hpp"
#include "clutch/detail/receipt_state.hpp"
#include "fake_keys.hpp"
#include "fake_streams.hpp"
#include "retry.hpp"
#include "text/nearest.hpp"

namespace clutch::testing {
namespace detail {
namespace {

using clutch::detail::CallRef;
using clutch::detail::CallState;
using clutch::detail::Outcome;
using Nanoseconds = std::chrono::nanoseconds;

constexpr Nanoseconds forever = Nanoseconds::max();

// Nil for none, and for what a codec of the program's wrote wrongly: the function is then told by its own reading.
Value value_of(const Blob& encoded, const PayloadFrames& frames) {
  if (encoded.empty()) return {};
  try {
    Reader reader(encoded.bytes(), &frames);
    return reader.value<Value>();
  } catch (const CodecError&) {
    return {};
  }
}

}  // namespace

class FakeEngine final : public clutch::detail::Engine {
 public:
  struct Behaviour {
    Handler handler = {};
    Streamer streamer = {};
    std::optional<Error> error = {};
    std::size_t failures = 0;
    Nanoseconds takes{0};
    bool held = false;
  };
  struct Pending {
    CallRef call;
    std::string function;
    Request request;
    CallOptions options;
    bool begun = false;
    Generator generator = {};  // of a stream that begins, with what its first step gave
    Step first = {};
  };

  void submit(CallRef call, std::string_view function, Request&& request, const CallOptions& options) override {
    {
      const std::lock_guard lock(mutex);
      recorded.push_back({std::string(function), value_of(request.args, request.frames),
                          value_of(request.kwargs, request.frames), options});
    }
    const auto& key = options.idempotency_key;
    if (!key.empty() && keys.answers(call, function, request, key)) return;
    {
      const std::lock_guard lock(mutex);
      const auto found = behaviours.find(function);
      if (found != behaviours.end() && found->second.held && !ended) {
        pending.push_back({std::move(call), std::string(function), std::move(request), options, false});
        return;
      }
    }
    answer({std::move(call), std::string(function), std::move(request), options, true});
  }

  void on_credit(CallState& stream) override { streams.on_credit(stream); }
  void cancel(CallState& call, CallRef receipt) override {
    if (streams.cancel(call, receipt)) return;
    if (keys.cancel(call) || passed_on(call)) return give_receipt(receipt, CancelReceipt{.what = CancelEnd::ignored});
    const auto what = end_pending([&](const Pending& one) { return one.call.get() == &call; }, "the caller cancelled");
    give_receipt(receipt, CancelReceipt{.what = what});
  }
  void detach(CallState&) override {}
  void post(void (*run)(void*), void* argument) override { thread_.post(run, argument); }

  void release(std::string_view name) {
    std::vector<Pending> released;
    {
      const std::lock_guard lock(mutex);
      if (const auto found = behaviours.find(name); found != behaviours.end()) found->second.held = false;
      released = take_pending([&](const Pending& one) { return one.function == name; });
    }
    for (Pending& one : released) answer(std::move(one));
  }

  void end() {
    {
      const std::lock_guard lock(mutex);
      ended = true;
    }
    end_pending([](const Pending&) { return true; }, "the pool ended");
    streams.end();
  }

  mutable std::mutex mutex;
  std::map<std::string, Behaviour, std::less<>> behaviours;
  std::vector<RecordedCall> recorded;
  std::vector<Pending> pending;
  clutch::detail::RetryBudget budget;
  FakeStreams streams;
  FakeKeys keys;
  bool ended = false;

 private:
  struct Limit {
    Nanoseconds left = forever;
    const char* name = "";
  };

  // What the first attempt that is not made again came to; nothing where it never ends.
  std::optional<Outcome> attempts(Pending& call) {
    Nanoseconds elapsed{0};
    for (std::uint32_t number = 1;; ++number) {
      std::optional<Outcome> outcome = attempt(call, elapsed);
      auto* error = outcome ? std::get_if<Error>(&*outcome) : nullptr;
      if (error == nullptr) {
        if (outcome) note_success();
        return outcome;
      }
      error->attempts = number;
      const auto remaining = left_of(call.options.timeout, elapsed);
      const bool keyed = !call.options.idempotency_key.empty();
      const auto delay = call.options.retry
                             ? clutch::detail::retry_delay(*call.options.retry, *error,
                                                           {.number = number, .remaining = remaining, .keyed = keyed})
                             : std::nullopt;
      if (!delay) return outcome;
      if (call.options.retry->budget && clutch::detail::RetryBudget::covers(*error) && !take_token()) {
        error->message = clutch::detail::RetryBudget::said(error->message);
        return outcome;
      }
      elapsed += *delay;
    }
  }

  void note_success() {
    const std::lock_guard lock(mutex);
    budget.on_success();
  }
  [[nodiscard]] bool take_token() {
    const std::lock_guard lock(mutex);
    return budget.take();
  }

  std::optional<Outcome> attempt(Pending& call, Nanoseconds& elapsed) {
    Handler handler;
    Streamer streamer;
    Nanoseconds takes{0};
    std::optional<Error> error;
    {
      const std::lock_guard lock(mutex);
      if (ended)
        return Outcome(make_error(Code::unavailable, Stage::queue, Certainty::not_started, "the pool has ended"));
      const auto found = behaviours.find(call.function);
      if (found == behaviours.end()) return Outcome(unknown(call.function));
      Behaviour& behaviour = found->second;
      takes = behaviour.takes;
      handler = behaviour.handler;
      streamer = behaviour.streamer;
      const bool answers = handler || streamer;
      const Limit limit = limit_of(call.options, elapsed);
      if (takes >= limit.left && limit.left != forever) {
        elapsed += limit.left;
        return Outcome(make_error(Code::deadline_exceeded, Stage::run, Certainty::started,
                                  std::string(limit.name) + " expired while `" + call.function + "` ran"));
      }
      if (takes == forever) return std::nullopt;
      if (!answers && !behaviour.error) return Outcome(unknown(call.function));
      if (behaviour.error && (behaviour.failures > 0 || !answers)) {
        if (behaviour.failures != SIZE_MAX && behaviour.failures != 0) --behaviour.failures;
        error = behaviour.error;
      }
    }
    elapsed += takes;
    if (error) return Outcome(std::move(*error));
    if (call.call->stream() != nullptr) return first_step(call, streamer);
    if (handler) return handler(call.request);
    return Outcome(make_error(Code::invalid_argument, Stage::run, Certainty::not_started,
                              call.function + " is a generator: read it with stream"));
  }

  // An error, or the stream may begin. The reader has room for one item always.
  static Outcome first_step(Pending& call, const Streamer& streamer) {
    if (!streamer) {
      return make_error(Code::invalid_argument, Stage::result, Certainty::started,
                        call.function + " returned what is no stream: call it with call");
    }
    auto made = streamer(call.request);
    if (auto* error = std::get_if<Error>(&made)) return std::move(*error);
    call.generator = std::get<Generator>(std::move(made));
    call.first = call.generator();
    if (call.first && call.first->index() == 1) return std::get<Error>(*call.first);
    return Reply{};
  }

  void answer(Pending&& call) {
    std::optional<Outcome> outcome = attempts(call);
    if (outcome && outcome->index() == 0 && call.first) {
      return streams.start(std::move(call.call), std::move(call.generator), std::move(call.first));
    }
    if (outcome) return finish(call, std::move(*outcome));
    call.begun = true;
    const CallRef state = call.call;
    {
      const std::lock_guard lock(mutex);
      if (!ended) pending.push_back(std::move(call));
    }
    // A cancel, or the end, that came before it was pending found nothing to end.
    if (state->cancel_requested()) cancel(*state, {});
    // NOLINTNEXTLINE(bugprone-use-after-move): moved only where it became pending
    if (call.call) finish(call, cancelled_error(Certainty::started, "the pool ended"));
  }

  void finish(const Pending& one, Outcome outcome) {
    keys.finish(one.options.idempotency_key, one.call, std::move(outcome));
  }

  // Whether others wait for what is executed of it: it goes on for them.
  [[nodiscard]] bool passed_on(CallState& call) {
    CallRef leaver;
    {
      const std::lock_guard lock(mutex);
      const auto at =
          std::find_if(pending.begin(), pending.end(), [&call](const Pending& one) { return one.call.get() == &call; });
      if (at == pending.end() || at->options.idempotency_key.empty()) return false;
      CallRef next = keys.successor(at->options.idempotency_key);
      if (!next) return false;
      leaver = std::exchange(at->call, std::move(next));
    }
    leaver->complete(cancelled_error(Certainty::maybe_started, "the caller cancelled, others wait for it"));
    return true;
  }

  static std::optional<Nanoseconds> left_of(const std::optional<Nanoseconds>& timeout, Nanoseconds elapsed) {
    if (!timeout) return std::nullopt;
    return *timeout - elapsed;
  }

  static Limit limit_of(const CallOptions& options, Nanoseconds elapsed) {
    Limit limit;
    if (const auto left = left_of(options.timeout, elapsed)) limit = {std::max(*left, Nanoseconds(0)), "timeout"};
    const auto attempt = options.attempt_timeout.value_or(Nanoseconds(0));
    if (attempt > Nanoseconds(0) && attempt < limit.left) limit = {attempt, "attempt_timeout"};
    return limit;
  }

  // With the lock held.
  Error unknown(std::string_view name) const {
    std::string message = "there is no function `" + std::string(name) + "` in this pool";
    std::vector<std::string_view> known;
    for (const auto& [other, behaviour] : behaviours) known.push_back(other);
    if (const auto near = text::nearest(name, known, std::max<std::size_t>(2, name.size() / 4))) {
      message += "; did you mean `" + std::string(*near) + "`?";
    }
    return make_error(Code::not_found, Stage::lookup, Certainty::not_started, std::move(message));
  }

  // With the lock held.
  template <class P>
  std::vector<Pending> take_pending(const P& which) {
    const auto taken =
        std::stable_partition(pending.begin(), pending.end(), [&](const Pending& one) { return !which(one); });
    std::vector<Pending> out(std::make_move_iterator(taken), std::make_move_iterator(pending.end()));
    pending.erase(taken, pending.end());
    return out;
  }

  // What became of the one, where it is of one.
  template <class P>
  CancelEnd end_pending(const P& which, const char* why) {
    std::vector<Pending> ending;
    {
      const std::lock_guard lock(mutex);
      ending = take_pending(which);
    }
    for (Pending& one : ending) {
      finish(one, cancelled_error(one.begun ? Certainty::started : Certainty::not_started, why));
    }
    if (ending.empty()) return CancelEnd::already_finished;
    return ending.front().begun ? CancelEnd::unwound : CancelEnd::removed_from_queue;
  }

  clutch::detail::CompletionThread thread_;
};

Error bad_argument(std::string_view what) { return clutch::detail::argument_error(std::string(what)); }

Error raised(const std::exception& exception) {
  Error error = make_error(Code::failed, Stage::run, Certainty::started, exception.what());
  auto python = std::make_shared<PythonException>();
  python->type = "RuntimeError";
  python->message = exception.what();
  error.exception = std::move(python);
  return error;
}

void check_arity(const Request& request, std::size_t taken, bool takes_keywords) {
  Reader reader(request.args.bytes());
  const std::size_t given = reader.array().size();
  if (given != taken) {
    throw CodecError("the function takes " + std::to_string(taken) + " positional arguments but " +
                     std::to_string(given) + " were given");
  }
  if (!takes_keywords && !request.kwargs.empty()) throw CodecError("the function takes no keyword arguments");
}

Value keywords_of(const Request& request) { return value_of(request.kwargs, request.frames); }

}  // namespace detail

FakePool::FakePool(CallOptions options) : FakePool(std::make_shared<detail::FakeEngine>(), std::move(options)) {}

FakePool::FakePool(std::shared_ptr<detail::FakeEngine> fake, CallOptions options)
    : Caller(fake, std::move(options)), fake_(std::move(fake)) {}

FakePool::~FakePool() { fake_->end(); }

void FakePool::set_handler(std::string name, detail::Handler handler) {
  const std::lock_guard lock(fake_->mutex);
  fake_->behaviours[std::move(name)] = {.handler = std::move(handler)};
}

void FakePool::set_streamer(std::string name, detail::Streamer streamer) {
  const std::lock_guard lock(fake_->mutex);
  fake_->behaviours[std::move(name)] = {.streamer = std::move(streamer)};
}

FakePool& FakePool::fail(std::string name, Error error, std::size_t times) {
  const std::lock_guard lock(fake_->mutex);
  auto& behaviour = fake_->behaviours[std::move(name)];
  behaviour.error = std::move(error);
  behaviour.failures = times;
  return *this;
}

FakePool& FakePool::delay(std::string name, std::chrono::nanoseconds duration) {
  const std::lock_guard lock(fake_->mutex);
  fake_->behaviours[std::move(name)].takes = duration;
  return *this;
}

FakePool& FakePool::hang(std::string name) { return delay(std::move(name), std::chrono::nanoseconds::max()); }

FakePool& FakePool::hold(std::string name) {
  const std::lock_guard lock(fake_->mutex);
  fake_->behaviours[std::move(name)].held = true;
  return *this;
}

FakePool& FakePool::release(std::string_view name) {
  fake_->release(name);
  return *this;
}

std::vector<RecordedCall> FakePool::calls() const {
  const std::lock_guard lock(fake_->mutex);
  return fake_->recorded;
}

std::vector<RecordedCall> FakePool::calls(std::string_view name) const {
  std::vector<RecordedCall> all = calls();
  std::erase_if(all, [&](const RecordedCall& call) { return call.function != name; });
  return all;
}

std::size_t FakePool::pending() const {
  const std::lock_guard lock(fake_->mutex);
  return fake_->pending.size() + fake_->streams.size();
}

}  // namespace clutch::testing
