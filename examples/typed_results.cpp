// Structs, enums, optionals and containers as arguments and results, keyword arguments, typed handles, and Value for
// what is not known at compile time. The Python side, orders.py, gets its own dataclasses and enums.
#include <clutch/codec.hpp>
#include <clutch/pool.hpp>
#include <iostream>
#include <map>

namespace orders {

enum class Colour { red, green };
CLUTCH_ENUM(Colour, red, green)

struct Item {
  std::string name;
  double price = 0;
  Colour colour = Colour::red;
};
CLUTCH_DEFINE(Item, name, price, colour)

struct Order {
  std::vector<Item> items;
  std::optional<double> discount;
};
CLUTCH_DEFINE(Order, items, discount)

}  // namespace orders

int main() {
  std::cout << std::boolalpha;
  using namespace orders;
  const auto pool = clutch::Pool::start({.modules = {"async_module", "orders"}, .path = {EXAMPLES_PYTHON}}).value();
  const Order order{.items = {{"tea", 2.5, Colour::red}, {"milk", 1.5, Colour::green}}, .discount = 0.5};

  std::cout << "total: " << pool.call<double>("orders.total", order).get().value() << '\n';

  using Names = std::map<std::string, std::vector<std::string>>;
  for (const auto& [colour, names] : pool.call<Names>("orders.by_colour", order).get().value()) {
    std::cout << colour << ": " << names.front() << '\n';
  }

  const auto painted = pool.call<Order>("orders.painted", order, clutch::kw("colour", Colour::green)).get().value();
  std::cout << "painted green: " << (painted.items[0].colour == Colour::green) << '\n';

  const auto twice = pool.function<int(int)>("async_module.task");  // wrong types no longer compile
  std::cout << "task(21): " << twice(21).get().value() << '\n';

  const auto any = pool.call<clutch::Value>("orders.painted", order, clutch::kw("colour", Colour::green)).get().value();
  const auto name = any.find("items")->at(1)->find("name")->to<std::string>();
  std::cout << "second item: " << name.value() << '\n';

  const auto wrong = pool.call<int>("orders.by_colour", order).get();
  std::cout << "as an int: " << wrong.error().message << '\n';
}
