// Calls that do not end when they should, with real daemons: what clients are told, and what `ps` shows.
#include "support.hpp"

namespace clutch::daemon_test {
namespace {

std::string impatient_pool(const std::string& more = "") {
  return main_pool("workers = 1\ncancel_grace = \"300ms\"\nblocked_after = \"300ms\"\n" + more);
}

const Value* first_pool(const Value& ps) { return &ps.find("pools")->get_if<Value::Array>()->at(0); }

std::uint64_t number(const Value* value) {
  if (value == nullptr) return 0;
  if (const auto* unsigned_one = value->get_if<std::uint64_t>()) return *unsigned_one;
  const auto* signed_one = value->get_if<std::int64_t>();
  return signed_one != nullptr ? static_cast<std::uint64_t>(*signed_one) : 0;
}

TEST(Leak, IsShownByPsAndInTheEndReplacesItsWorker) {
  const Daemon daemon(impatient_pool("leaked_max = 2\n"));
  const auto client = daemon.connect();
  const auto hurried = client.with({.timeout = 500ms});
  const auto leaks = [&] {
    EXPECT_FAILS(hurried.call<void>("depot.stubborn", daemon.scratch() / "never").get(), deadline_exceeded, started);
  };
  const auto shows = [&](const char* what) {
    const auto ps = client.query("ps").get();
    if (!ps.ok()) return std::uint64_t{0};
    const auto* pool = first_pool(ps.value());
    if (what == std::string("leak")) return number(pool->find("ends")->find("leak"));
    return number(pool->find("workers")->get_if<Value::Array>()->at(0).find(what));
  };
  leaks();
  EXPECT_TRUE(eventually([&] { return shows("leaked") == 1; }));
  leaks();
  const auto another_ends_well = [&] { EXPECT_VALUE(client.call<int>("depot.double", 2).get(), 4); };
  EXPECT_TRUE(eventually([&] {
    another_ends_well();
    return shows("leak") == 1;
  }));
  EXPECT_EQ(shows("leaked"), 0u);
}

TEST(BlockedEnd, TellsAnotherClientWhoseCallItWas) {
  const Daemon daemon(impatient_pool());
  const auto client = daemon.connect();
  const auto other = daemon.connect();
  auto bystander = other.call<double>("depot.nap", 3600.0);
  EXPECT_VALUE(other.call<double>("depot.nap", 0.05).get(), 0.05);  // BEGUN of the first came before
  const auto blocks = client.with({.timeout = 2s}).call<void>("depot.block", daemon.scratch() / "never").get();
  ASSERT_FALSE(blocks.ok());
  EXPECT_EQ(blocks.error().code, Code::deadline_exceeded) << describe(blocks.error());
  const auto lost = bystander.get();
  EXPECT_FAILS(lost, worker_lost, started);
  EXPECT_TRUE(lost.error().collateral);
  ASSERT_TRUE(lost.error().culprit) << describe(lost.error());
  EXPECT_EQ(lost.error().culprit->function, "depot.block");
  EXPECT_NE(lost.error().python_stack.find("in block"), std::string::npos) << describe(lost.error());
}

}  // namespace
}  // namespace clutch::daemon_test
