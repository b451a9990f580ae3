// The same calls to a daemon, clutchd, whose workers many programs share and outlive. Code that makes calls takes a
// Caller, and does not know which it has.
//   client_of_a_daemon [ipc://PATH]
#include <clutch/client.hpp>
#include <clutch/combinators.hpp>
#include <iostream>

namespace {

int doubled_sum(const clutch::Caller& python) {
  const auto task = python.function<int(int)>("async_module.task");
  const auto both = clutch::try_join(task(1), task(2)).get().value();
  return std::get<0>(both) + std::get<1>(both);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string endpoint = argc > 1 ? argv[1] : clutch::Client::default_endpoint();
  const auto connected = clutch::Client::connect(endpoint);
  if (!connected) {
    std::cerr << clutch::describe(connected.error()) << '\n';
    return 1;
  }
  const clutch::Client& client = connected.value();

  std::cout << "sum: " << doubled_sum(client) << '\n';
  std::cout << client.call<std::string>("async_module.async_function", "by the daemon").get().value() << '\n';
  for (const auto& function : client.functions().value().functions) {
    std::cout << function.name << function.signature << ", " << function.kind << '\n';
  }
}
