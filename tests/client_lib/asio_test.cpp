// The adapter on Boost.Asio, in a file of its own: it takes long to compile.
#include "clutch/asio.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>

#include "client_lib/coroutine.hpp"
#include "client_lib/support.hpp"

namespace clutch::testing_support {
namespace {

namespace asio = boost::asio;

TEST(Asio, RunsCallbacksOnItsThreads) {
  ManualPool pool;
  asio::io_context io;
  int got = 0;
  const auto note = [&](Result<int> result) { got += result.value(); };
  pool.call<int>("m.f").then(asio_executor(io), note);
  pool.call<int>("m.f").then(asio_executor(io.get_executor()), note);
  pool.call<int>("m.f").then(asio_executor(asio::make_strand(io)), note);
  for (std::size_t i = 0; i < 3; ++i) pool.engine.complete(i, reply(1));
  EXPECT_EQ(got, 0);
  io.run();
  EXPECT_EQ(got, 3);
}

TEST(Asio, ResumesCoroutines) {
  ManualPool pool;
  asio::thread_pool threads(1);
  std::promise<bool> on_pool;
  const auto run = [&]() -> Fire {
    static_cast<void>(co_await pool.call<int>("m.f").on(asio_executor(threads)));
    on_pool.set_value(threads.get_executor().running_in_this_thread());
  };
  run();
  pool.engine.complete(0, reply(1));
  EXPECT_TRUE(on_pool.get_future().get());
  threads.join();
}

TEST(Asio, WhatItDropsIsFreed) {
  ManualPool pool;
  auto kept = std::make_shared<int>(1);
  {
    asio::io_context io;
    pool.call<int>("m.f").then(asio_executor(io), [kept](Result<int>) {});
    pool.engine.complete(0, reply(1));
  }
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace clutch::testing_support
