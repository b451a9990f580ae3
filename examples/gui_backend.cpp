// The back end of a GUI: a command handler with a timeout that answers with a string or an error text, on the UI's own
// thread, which is never blocked. EventLoop stands for Qt's, GTK's or SDL's.
#include <chrono>
#include <clutch/pool.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <iostream>
#include <mutex>
#include <utility>

using namespace std::chrono_literals;

namespace {

class EventLoop {
 public:
  // From any thread. Having post() makes it an executor for clutch.
  void post(std::function<void()> event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    ready_.notify_one();
  }
  // Runs events until `done`, and `draw` every 16 ms.
  void run(const bool& done, const std::function<void()>& draw) {
    while (!done) {
      for (const auto& event : take()) event();
      draw();
    }
  }

 private:
  std::deque<std::function<void()>> take() {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, 16ms, [&] { return !events_.empty(); });
    return std::exchange(events_, {});
  }

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> events_;
};

struct Answer {
  std::string text, error;  // one of them is empty
};

class Backend {
 public:
  Backend(const clutch::Caller& python, EventLoop& ui) : python_(python.with({.timeout = 30s})), ui_(ui) {}

  // Returns at once; `reply` comes on the UI's thread. Closing the window would keep and use the handle.
  clutch::CancelHandle handle_command(const std::string& command, const std::string& input,
                                      std::function<void(Answer)> reply) {
    return python_.call<std::string>(command, input).then(ui_, [reply = std::move(reply)](auto result) {
      reply(result ? Answer{result.value(), ""} : Answer{"", result.error().message});
    });
  }

 private:
  clutch::Caller python_;  // a Pool, a Client or, in tests, a FakePool: the same to this class
  EventLoop& ui_;
};

}  // namespace

int main() {
  std::cout << std::boolalpha;
  const auto pool = clutch::Pool::start({.modules = {"async_module"}, .path = {EXAMPLES_PYTHON}}).value();
  EventLoop ui;
  Backend backend(pool, ui);

  int frames = 0, answers = 0;
  bool done = false;
  const auto show = [&](const Answer& answer) {
    std::cout << (answer.error.empty() ? "result: " + answer.text : "error: " + answer.error) << '\n';
    done = ++answers == 2;
  };
  backend.handle_command("async_module.risky_operation", "run", show);
  backend.handle_command("async_module.async_function", "from the UI", show);
  ui.run(done, [&] { ++frames; });
  std::cout << "the UI went on drawing: " << (frames > 20) << '\n';
}
