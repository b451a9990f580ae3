// Every stage at which a call or a start can fail, and what the error tells of it.
#include <clutch/pool.hpp>
#include <clutch/value.hpp>
#include <iostream>

namespace {

void print(std::string_view what, const clutch::Error& error) {
  std::cout << what << ": " << to_string(error.code) << ", stage " << to_string(error.stage) << ", "
            << to_string(error.certainty) << '\n'
            << "  " << error.message << '\n';
}

void print_exception(const clutch::PythonException& exception) {
  std::cout << "  type " << exception.type << ", note \"" << exception.notes.at(0) << "\", caused by a "
            << exception.cause->type << '\n'
            << exception.traceback << '\n';
}

clutch::PoolOptions module(const std::string& name) { return {.modules = {name}, .path = {EXAMPLES_PYTHON}}; }

}  // namespace

int main() {
  print("a module that does not import", clutch::Pool::start(module("broken_import")).error());
  print("a lifespan that fails", clutch::Pool::start(module("broken_setup")).error());

  const auto pool = clutch::Pool::start(module("async_module")).value();
  const auto risky = [&](const auto& stage) {
    return pool.call<clutch::Value>("async_module.risky_operation", stage).get();
  };
  print("a name that is not there", pool.call<int>("async_module.tsk", 1).get().error());
  print("a missing argument", pool.call<int>("async_module.task").get().error());
  print("an argument of another type", risky(42).error());
  print("a result that does not cross", risky("result").error());
  print("a worker that dies", risky("transport").error());

  const auto raised = risky("run");
  print("an exception", raised.error());
  print_exception(*raised.error().exception);

  // The same with exceptions: value() throws what has the whole story in what().
  try {
    std::cout << risky("run").value().size();
  } catch (const clutch::CallError& error) {
    std::cout << "caught: " << to_string(error.error().code) << '\n';
  }
  std::cout << "and the next call: " << risky("none").value().to<std::string>().value() << '\n';
}
