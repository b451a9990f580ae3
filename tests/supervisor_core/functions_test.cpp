#include "core/functions.hpp"

#include <gtest/gtest.h>

#include "fake_pool.hpp"

namespace clutch::core::test {
namespace {

class Names : public testing::Test {
 protected:
  Names() { functions_.merge(usual("async_module.task", "async_module.long_operation", "shop.orders.place")); }
  template <class... Name>
  static Registration usual(const Name&... names) {
    return {.functions = {function(names)...}, .left_out = {}};
  }
  std::string said(std::string_view name) const {
    return functions_.not_found_message(name, {{.name = "shop.Cart", .why = "it is a class"}});
  }
  Functions functions_;
};

TEST_F(Names, AreFoundAsRegistered) {
  EXPECT_EQ(functions_[*functions_.find("shop.orders.place")].name, "shop.orders.place");
  EXPECT_EQ(functions_.find("shop.orders"), std::nullopt);
  EXPECT_EQ(functions_.find(""), std::nullopt);
}

TEST_F(Names, KeepTheirIdWhenRegisteredAgain) {
  const auto task = functions_.find("async_module.task");
  const auto ids = functions_.merge(usual("new.one", "async_module.task"));
  EXPECT_EQ(ids[1], task);
  EXPECT_EQ(functions_.find("new.one"), ids[0]);
  EXPECT_EQ(functions_.size(), 4u);
}

TEST_F(Names, AreListedOnceWhereTheirKindChanged) {
  auto changed = usual("async_module.task");
  changed.functions[0].kind = FunctionKind::plain;
  functions_.merge(changed);
  EXPECT_EQ(functions_.size(), 4u);
  std::vector<std::string> listed;
  for (const auto* each : functions_.current()) listed.push_back(each->name);
  EXPECT_EQ(listed,
            (std::vector<std::string>{"async_module.long_operation", "shop.orders.place", "async_module.task"}));
  EXPECT_EQ(functions_.current().back()->kind, FunctionKind::plain);
}

TEST_F(Names, TakeOnTheLatestSignatureAndLimit) {
  auto renewed = usual("async_module.task");
  renewed.functions[0].signature = "(n: int) -> int";
  renewed.functions[0].limit = 3;
  functions_.merge(renewed);
  EXPECT_EQ(functions_[*functions_.find("async_module.task")].signature, "(n: int) -> int");
  EXPECT_EQ(functions_[*functions_.find("async_module.task")].limit, 3u);
}

TEST_F(Names, AreSuggestedWhereMistyped) {
  EXPECT_NE(said("async_module.tsak").find("did you mean `async_module.task`?"), std::string::npos);
  EXPECT_NE(said("async_modul.long_operation").find("`async_module.long_operation`"), std::string::npos);
}

TEST_F(Names, AreSuggestedWhereTheModuleIsMissingOrAnother) {
  EXPECT_NE(said("place").find("did you mean `shop.orders.place`?"), std::string::npos);
  EXPECT_NE(said("shop.place").find("did you mean `shop.orders.place`?"), std::string::npos);
}

TEST_F(Names, AreNotSuggestedWhereNothingIsNear) {
  EXPECT_EQ(said("telephone.directory").find("did you mean"), std::string::npos);
  EXPECT_NE(said("telephone.directory").find("clutch functions"), std::string::npos);
}

TEST_F(Names, SayWhyOneWasLeftOut) {
  EXPECT_NE(said("shop.Cart").find("it was left out, because it is a class"), std::string::npos);
}

TEST_F(Names, SayThatThereAreNone) {
  EXPECT_NE(Functions().not_found_message("m.f", {}).find("define no callable function"), std::string::npos);
}

TEST(Kinds, HaveTheirNamesAndTheirPlaceOfExecution) {
  for (const auto kind :
       {FunctionKind::coroutine, FunctionKind::async_generator, FunctionKind::generator, FunctionKind::plain}) {
    EXPECT_EQ(function_kind_from(to_string(kind)), kind);
  }
  EXPECT_EQ(function_kind_from("class"), std::nullopt);
  EXPECT_EQ(execution_of(FunctionKind::async_generator), Execution::loop);
  EXPECT_EQ(execution_of(FunctionKind::generator), Execution::thread);
}

}  // namespace
}  // namespace clutch::core::test
