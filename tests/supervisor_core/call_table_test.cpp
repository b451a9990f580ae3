#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "core/call.hpp"

namespace clutch::core::test {
namespace {

Call& queued(CallTable& table) {
  Call& call = table.take();
  call.state = CallState::queued;
  return call;
}

TEST(Table, FindsACallUntilItIsReleased) {
  CallTable table;
  Call& call = queued(table);
  const auto id = call.id();
  EXPECT_EQ(table.find(id), &call);
  EXPECT_EQ(table.size(), 1u);
  table.release(call);
  EXPECT_EQ(table.find(id), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(Table, TellsTheSlotsNextCallFromItsLast) {
  CallTable table;
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 100; ++i) {
    Call& call = queued(table);
    EXPECT_TRUE(ids.insert(call.id().value).second);
    table.release(call);
  }
  for (const auto id : ids) EXPECT_EQ(table.find(CallId{id}), nullptr);
}

TEST(Table, FindsNothingUnderForgedNames) {
  CallTable table;
  EXPECT_EQ(table.find(CallId{0}), nullptr);
  Call& call = queued(table);
  for (const std::uint64_t id : {call.id().value + 1, call.id().value + (std::uint64_t{1} << 32), ~std::uint64_t{0}}) {
    EXPECT_EQ(table.find(CallId{id}), nullptr);
  }
}

TEST(Table, KeepsCallsAtTheirAddressWhileItGrows) {
  CallTable table;
  std::vector<std::pair<CallId, Call*>> calls;
  for (int i = 0; i < 2000; ++i) {
    Call& call = queued(table);
    calls.emplace_back(call.id(), &call);
  }
  for (const auto& [id, call] : calls) EXPECT_EQ(table.find(id), call);
  EXPECT_EQ(table.size(), 2000u);
}

TEST(Table, HandsOutSlotsAsGoodAsNew) {
  CallTable table;
  Call& call = queued(table);
  call.answered = call.cancel_sent = call.detached = true;
  call.attempt_deadline = Time{};
  call.request.args = Blob(std::vector<std::byte>(100));
  table.release(call);
  const Call& again = table.take();
  EXPECT_FALSE(again.answered || again.cancel_sent || again.detached);
  EXPECT_EQ(again.attempt_deadline, never);
  EXPECT_EQ(again.request.bytes(), 0u);
}

}  // namespace
}  // namespace clutch::core::test
