// Reading an async generator: a loop that waits for each item, leaving it early, all items at once, and an exception.
#include <clutch/pool.hpp>
#include <iostream>
#include <vector>

int main() {
  const auto pool = clutch::Pool::start({.modules = {"async_module", "feeds"}, .path = {EXAMPLES_PYTHON}}).value();

  // Items arrive as they are produced: of these there is one each half a second, and the first leaves at once.
  for (clutch::Result<int> item : pool.stream<int>("async_module.async_generator")) {
    std::cout << "item " << item.value() << '\n';
    if (item.value() == 2) break;  // the Stream ends here, and with it the generator
  }

  // It may be endless: without room for more the generator stays at its `yield`. collect leaves it after a thousand.
  const std::vector<int> squares = pool.stream<int>("feeds.squares").collect(1000).get().value();
  std::cout << squares.size() << " squares, the last is " << squares.back() << '\n';

  // Whatever ends a stream before its time is its last item.
  for (clutch::Result<std::string> line : pool.stream<std::string>("feeds.lines", 2)) {
    if (line) {
      std::cout << line.value() << '\n';
    } else {
      const clutch::Error& error = line.error();
      std::cout << "after " << error.items.value() << " items: " << error.message << '\n';
    }
  }
}
