// What the tests of streams share: a stream's engine by hand.
#pragma once

#include <string>
#include <vector>

#include "client_lib/support.hpp"
#include "clutch/stream.hpp"

namespace clutch::testing_support {

class StreamTest : public ::testing::Test {
 protected:
  ManualPool pool;
  ManualEngine& engine = pool.engine;

  void push(const std::vector<int>& values, std::size_t index = 0) { engine.push(index, values); }
  void finish(std::size_t index = 0) { engine.complete(index, Reply{}); }
  void fail(Code code, std::size_t index = 0) {
    Error error = error_of(code);
    error.items = engine.call(index)->stream()->received();
    engine.complete(index, std::move(error));
  }
  Stream<int> windowed(std::uint64_t items, std::uint64_t bytes = 0) {
    return pool.with({.stream_window_items = items, .stream_window_bytes = bytes}).stream<int>("m.gen");
  }
};

inline std::vector<int> values_of(Stream<int>& stream) {
  std::vector<int> values;
  for (Result<int> item : stream) values.push_back(item.value());
  return values;
}

}  // namespace clutch::testing_support
