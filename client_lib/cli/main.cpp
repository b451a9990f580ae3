// clutch: calls Python functions from the command line. Parses, starts or connects, and runs the command.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "arguments.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "log.hpp"
#include "map.hpp"

namespace clutch::cli {
namespace {

int say(const std::string& text, int code) {
  std::fprintf(stderr, "clutch: %s\n", text.c_str());
  return code;
}

void hint(const Options& options, const Error& error) {
  if (options.json || !error.exception || error.exception->type != "ModuleNotFoundError") return;
  std::string text = "modules are imported from --path, here:";
  for (const auto& directory : options.target.pool.path)
    text += ' ' + std::filesystem::absolute(directory).lexically_normal().string();
  say(text, 0);
}

int run_command(const Options& options, CallArguments arguments, Map* map, Signals& signals) {
  auto target = open_target(options);
  if (!target) {
    const int code = report(options, target.error(), Exit::no_start);
    hint(options, target.error());
    return code;
  }
  switch (options.command) {
    case Command::map: {
      const int code = map->run(target.value()->caller().with(options.call), signals);
      if (signals.count() > 0) target.value()->hurry();
      return code;
    }
    case Command::functions:
      return list_functions(options, *target.value());
    case Command::ps:
      return list_processes(options, *target.value());
    case Command::drain:
      return drain_daemon(options, std::move(target).value());
    case Command::stream:
      return print_stream(options, std::move(arguments), *target.value(), signals);
    case Command::run:
    case Command::call:
      break;
  }
  if (is_generator(options, *target.value()))
    return print_stream(options, std::move(arguments), *target.value(), signals);
  return call_once(options, std::move(arguments), *target.value(), signals);
}

// What can be wrong with the command line is told before anything is started.
int run(const Options& options) {
  auto arguments = parse_arguments(options.arguments);
  if (const auto* problem = std::get_if<std::string>(&arguments)) return say(*problem, Exit::usage);
  Signals signals;
  std::unique_ptr<Map> map;
  if (options.command == Command::map) {
    try {
      map = std::make_unique<Map>(options);
    } catch (const std::runtime_error& error) {
      return say(error.what(), Exit::usage);
    }
  }
  return run_command(options, std::move(std::get<CallArguments>(arguments)), map.get(), signals);
}

}  // namespace
}  // namespace clutch::cli

int main(int argc, char** argv) {
  using namespace clutch::cli;
  try {
    const auto parsed = parse_command_line(argc, argv);
    if (const auto* code = std::get_if<int>(&parsed)) return *code;
    const auto& options = std::get<Options>(parsed);
    set_up_log(options);
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "clutch: %s\n", error.what());
    return Exit::no_start;
  }
}
