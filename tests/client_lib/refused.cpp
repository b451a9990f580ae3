// Each case but the first must not compile, and say why: see CMakeLists.txt.
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "clutch/caller.hpp"
#include "clutch/combinators.hpp"

namespace {

struct Unknown {};

[[maybe_unused]] void use(const clutch::Caller& pool) {
#if CASE == 0
  static_cast<void>(
      pool.call<std::string>("m.f", "text", std::string_view("view"), std::span<const std::byte>()).get());
  static_cast<void>(pool.call<std::vector<std::pair<int, clutch::Value>>>("m.f").get());
  auto call = pool.call<int>("m.f");
  call.cancel();  // a receipt may be dropped
  auto stream = pool.stream<int>("m.gen");
  stream.cancel();
#elif CASE == 1
  static_cast<void>(pool.call<std::string_view>("m.f"));
#elif CASE == 2
  static_cast<void>(pool.call<std::vector<std::string_view>>("m.f"));
#elif CASE == 3
  static_cast<void>(pool.call<std::span<const std::byte>>("m.f"));
#elif CASE == 4
  static_cast<void>(pool.call<const char*>("m.f"));
#elif CASE == 5
  static_cast<void>(pool.function<std::string_view(int)>("m.f")(1));
#elif CASE == 6
  static_cast<void>(pool.call<Unknown>("m.f"));
#elif CASE == 7
  static_cast<void>(pool.call<int>("m.f", Unknown()));
#elif CASE == 8
  static_cast<void>(pool.call<int>("m.f", static_cast<int*>(nullptr)));
#elif CASE == 9
  pool.call<int>("m.f");
#elif CASE == 10
  pool.call<int>("m.f").get();
#elif CASE == 11
  static_cast<void>(pool.call<std::chrono::steady_clock::time_point>("m.f"));
#elif CASE == 12
  static_cast<void>(pool.function<int(int)>("m.f")("text"));
#elif CASE == 13
  static_cast<void>(pool.stream<std::string_view>("m.gen"));
#elif CASE == 14
  static_cast<void>(pool.function<clutch::Stream<std::span<const int>>(int)>("m.gen")(1));
#elif CASE == 15
  static_cast<void>(pool.stream<Unknown>("m.gen"));
#elif CASE == 16
  pool.stream<int>("m.gen");
#elif CASE == 17
  auto stream = pool.stream<int>("m.gen");
  stream.next();
#endif
}

}  // namespace
