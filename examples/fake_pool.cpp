// Testing code that makes calls, without Python: it takes a clutch::Caller, and a test hands it a FakePool whose
// functions are lambdas.
#include <clutch/codec.hpp>
#include <clutch/testing/fake_pool.hpp>
#include <iostream>
#include <memory>

namespace {

// What is to be tested.
std::string quote(const clutch::Caller& shop, const std::string& item) {
  const clutch::RetryPolicy policy{.attempts = 3, .exceptions = {"ConnectionError"}};
  const auto patient = shop.with({.timeout = std::chrono::seconds(2), .retry = policy});
  const auto price = patient.call<double>("shop.price", item).get();
  if (price.ok()) return item + ": " + std::to_string(static_cast<int>(price.value())) + " EUR";
  return item + ": " + std::string(to_string(price.error().code));
}

}  // namespace

int main() {
  clutch::testing::FakePool shop;
  shop.on("shop.price", [](std::string item) { return item == "tea" ? 3.0 : 5.0; });
  std::cout << quote(shop, "tea") << '\n';

  // Fails as if Python had raised: twice, so that the policy's third attempt is answered.
  clutch::Error error;
  error.code = clutch::Code::failed;
  error.exception = std::make_shared<clutch::PythonException>(clutch::PythonException{.type = "ConnectionError"});
  shop.fail("shop.price", error, 2);
  const auto before = shop.calls().size();
  std::cout << quote(shop, "milk") << ", attempts that failed: 2, calls: " << shop.calls().size() - before << '\n';

  // Time is not waited for: what would take a minute has expired at once.
  shop.delay("shop.price", std::chrono::minutes(1));
  std::cout << quote(shop, "honey") << '\n';
}
