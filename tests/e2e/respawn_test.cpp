// Workers that die as soon as they are ready.
#include <fstream>
#include <vector>

#include "e2e/support.hpp"

namespace clutch::e2e {
namespace {

// What the log has said of delays, in milliseconds.
std::vector<int> delays(const Records& records) {
  constexpr std::string_view before = "; another is started in ";
  std::vector<int> found;
  for (const auto& record : records.all()) {
    const auto at = record.text.find(before);
    if (at != std::string::npos) found.push_back(std::stoi(record.text.substr(at + before.size())));
  }
  return found;
}

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
  ASSERT_TRUE(eventually([&] { return delays(records).size() >= 2; }));
  EXPECT_TRUE(records.find("; another is started. Something in it ended the process"));
  const auto told = delays(records);  // each up to a tenth shorter by chance
  EXPECT_TRUE(450 <= told[0] && told[0] <= 500) << told[0];
  EXPECT_TRUE(900 <= told[1] && told[1] <= 1000) << told[1];
}

}  // namespace
}  // namespace clutch::e2e
