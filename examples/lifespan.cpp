// A session that is opened once a worker and closed when the worker ends, seen through the log: what Python prints and
// logs arrives there, tagged with its worker.
#include <chrono>
#include <clutch/pool.hpp>
#include <iostream>
#include <mutex>

int main() {
  std::mutex mutex;  // records come from clutch's threads
  const auto log = [&](const clutch::LogRecord& record) {
    const std::lock_guard lock(mutex);
    if (record.text.starts_with("session")) std::cout << record.source << ": " << record.text << std::endl;
  };
  auto pool = clutch::Pool::start({.modules = {"directory"}, .path = {EXAMPLES_PYTHON}, .log = log}).value();

  for (const char* name : {"ada", "grace"}) {
    const auto person = pool.call<std::string>("directory.find", name).get().value();
    const std::lock_guard lock(mutex);
    std::cout << person << std::endl;
  }
  const int lookups = pool.call<int>("directory.lookups").get().value();
  {
    const std::lock_guard lock(mutex);
    std::cout << lookups << " lookups in one session" << std::endl;
  }
  // Gives calls under way up to ten seconds, leaves the lifespans, and returns when the workers are gone.
  return pool.stop(std::chrono::seconds(10)) ? 0 : 1;
}
