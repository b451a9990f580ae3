#include "docs/support.hpp"

#include <stdlib.h>

#include "support/paths.hpp"

namespace clutch_docs {
namespace {

// The documentation names no Python and starts pools with the active environment's, so the tests' is made active.
class ActiveEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    const auto environment = clutch::test::python().parent_path().parent_path();
    ASSERT_EQ(::setenv("VIRTUAL_ENV", environment.c_str(), 1), 0);
  }
};
[[maybe_unused]] const auto* const active_environment = testing::AddGlobalTestEnvironment(new ActiveEnvironment);

}  // namespace

const clutch::Pool& docs_pool() {
  static const clutch::Pool pool =
      clutch::Pool::start({.modules = {"async_module", "cancellable", "feeds", "flaky", "news", "shop"},
                           .path = {clutch::test::source_directory() / "examples/python", DOCS_EXTRACTED}})
          .value();
  return pool;
}

}  // namespace clutch_docs
