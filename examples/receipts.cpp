// What became of the work that was cancelled: cancel() of a stream or a call gives a receipt.
#include <chrono>
#include <clutch/pool.hpp>
#include <iostream>

using namespace std::chrono_literals;

namespace {

void print(const char* what, clutch::Receipt receipt) {
  const clutch::CancelReceipt told = receipt.get().value();
  std::cout << what << ": " << to_string(told.what) << (told.after >= 400ms ? ", after a while" : "") << '\n';
}

}  // namespace

int main() {
  clutch::PoolOptions options{.modules = {"async_module", "feeds"}, .path = {EXAMPLES_PYTHON}, .concurrency = 1};
  options.cancel_grace = 500ms;  // for a coroutine to unwind
  options.log_level = clutch::LogLevel::error;
  const auto pool = clutch::Pool::start(std::move(options)).value();

  // Its `finally` has run when the receipt is there.
  auto stream = pool.stream<std::string>("feeds.patient");
  std::cout << stream.next().get()->value() << '\n';
  print("a stream", stream.cancel());
  std::cout << "its end: " << to_string(stream.next().get()->error().code) << '\n';

  // The one worker has room for one call.
  auto running = pool.call<std::string>("async_module.long_operation", "a");
  auto waiting = pool.call<std::string>("async_module.long_operation", "b");
  static_cast<void>(running.wait_for(200ms));
  print("a call in the queue", waiting.cancel());
  print("a call that ran", running.cancel());

  auto done = pool.call<int>("async_module.task", 21);
  static_cast<void>(done.wait_for(10s));
  print("a call that was over", done.cancel());

  // The caller gets `cancelled` all the same; the receipt says that the work goes on.
  auto stubborn = pool.call<std::string>("feeds.stubborn", 1.0);
  static_cast<void>(stubborn.wait_for(200ms));
  print("one that does not listen", stubborn.cancel());
  std::cout << "its outcome: " << to_string(stubborn.get().error().code) << '\n';
}
