// The shortest program: start a worker, call a coroutine, take its result or its error.
#include <clutch/pool.hpp>
#include <iostream>

int main() {
  auto started = clutch::Pool::start({.modules = {"async_module"}, .path = {EXAMPLES_PYTHON}});
  if (!started) {
    std::cerr << clutch::describe(started.error()) << '\n';
    return 1;
  }
  const clutch::Pool pool = std::move(started).value();

  const clutch::Result<std::string> result = pool.call<std::string>("async_module.async_function", "hello").get();
  if (!result) {
    std::cerr << clutch::describe(result.error()) << '\n';
    return 1;
  }
  std::cout << result.value() << '\n';
}
