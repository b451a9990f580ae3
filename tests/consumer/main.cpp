#include <clutch/pool.hpp>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef WITH_OTHER_MSGPACK_USER
std::string packed_by_another();

// What msgpack-cxx with its Boost parts packs in a program without clutch.
bool other_is_unharmed() {
  using namespace std::literals;
  const auto expected =
      "\x82"
      "\xa1"
      "a"
      "\x94\x01\xff\xcd\x01\x2c\xce\x00\x01\x11\x70"
      "\xa1"
      "b"
      "\x90"
      "\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00"
      "\xd6\xff\x00\x00\x00\x01"
      "\xc4\x14"
      "xxxxxxxxxxxxxxxxxxxx"sv;
  return packed_by_another() == expected;
}
#else
bool other_is_unharmed() { return true; }
#endif

int main(int argc, char** argv) {
  if (argc != 3) return 2;  // PYTHON MODULES
  auto started =
      clutch::Pool::start({.modules = {"consumer_module"}, .path = {argv[2]}, .python = argv[1], .workers = 2});
  if (!started) {
    std::cerr << describe(started.error()) << '\n';
    return 1;
  }
  auto pool = std::move(started).value();
  const auto greeting = pool.call<std::string>("consumer_module.greet", "consumer").get().value();
  std::cout << greeting << '\n';
  using Table = std::map<std::string, std::vector<std::int64_t>>;
  const Table table = {{"a", {1, -1, 300, 70'000, INT64_MIN}}, {"b", {}}};
  const auto echoed = pool.call<Table>("consumer_module.echo", table).get().value();
  const bool right = greeting == "Processed: consumer" && echoed == table && other_is_unharmed();
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
