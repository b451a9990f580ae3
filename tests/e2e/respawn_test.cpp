// Workers that die as soon as they are ready.
#include <fstream>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

TEST(Respawn, OfAWorkerThatKeepsDyingComesLaterEachTime) {
  Scratch scratch;
  Records records;
  std::ofstream(scratch / "stillborn.py")
      << "import os, threading\nasync def f(): pass\nthreading.Timer(0.5, os._exit, (9,)).start()\n";
  auto options = shop_options();
  options.modules = {"stillborn"};
  options.path = {scratch.path()};
  options.log = records.sink();
  const auto pool = start(options);
  ASSERT_TRUE(eventually([&] { return records.find("; another is started in 1000 ms").has_value(); }));
  EXPECT_TRUE(records.find("; another is started. Something in it ended the process"));
  EXPECT_TRUE(records.find("; another is started in 500 ms. Something in it ended the process"));
}

}  // namespace
}  // namespace clutch::e2e
