// What the code of the documentation is compiled with: the headers that it takes for granted, and its pool.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <clutch/client.hpp>
#include <clutch/codec.hpp>
#include <clutch/combinators.hpp>
#include <clutch/pool.hpp>
#include <clutch/scope.hpp>
#include <clutch/testing/fake_pool.hpp>
#include <clutch/value.hpp>
#include <coroutine>
#include <functional>
#include <future>
#include <iostream>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace clutch_docs {

using namespace std::chrono_literals;

/// One worker that serves the modules of examples/python and those that the documentation has.
const clutch::Pool& docs_pool();

// The least coroutine type there is: starts at once, and somebody else waits.
struct Fire {
  struct promise_type {
    Fire get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() { std::terminate(); }
  };
};

}  // namespace clutch_docs
