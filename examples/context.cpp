// What the Python side can learn of its call: metadata that the caller sent, the attempt, the time left.
#include <chrono>
#include <clutch/pool.hpp>
#include <clutch/value.hpp>
#include <iostream>

using namespace std::chrono_literals;

int main() {
  std::cout << std::boolalpha;
  const auto pool = clutch::Pool::start({.modules = {"tracing"}, .path = {EXAMPLES_PYTHON}}).value();
  const auto traced = pool.with({.timeout = 30s, .metadata = {{"traceparent", "00-4bf92f35-00f067aa-01"}}});

  const auto seen = traced.call<clutch::Value>("tracing.describe").get().value();
  const double left = seen.find("seconds_left")->to<double>().value();
  std::cout << "function " << seen.find("function")->to<std::string>().value() << '\n'
            << "attempt " << seen.find("attempt")->to<int>().value() << '\n'
            << "traceparent " << seen.find("traceparent")->to<std::string>().value() << '\n'
            << "less than 30 s left: " << (left > 0 && left < 30) << '\n'
            << "cancelled: " << seen.find("cancelled")->to<bool>().value() << '\n';
}
