// `clutch reload`.
#include <cstdio>

#include "commands.hpp"
#include "exit_code.hpp"
#include "json.hpp"

namespace clutch::cli {
namespace {

std::string text_in(const Value& pool, std::string_view key) {
  const auto* found = pool.find(key);
  const auto* text = found != nullptr ? found->get_if<std::string>() : nullptr;
  return text != nullptr ? *text : std::string();
}

}  // namespace

int reload_workers(const Options& options, Target& target) {
  Value::Map arguments;
  if (!options.call.pool.empty()) arguments.emplace_back(Value("pool"), Value(options.call.pool));
  const auto answer = target.command("reload", std::move(arguments));
  if (!answer) return report(options, answer.error(), Exit::failed);
  const auto* found = answer.value().find("pools");
  const auto* pools = found != nullptr ? found->get_if<Value::Array>() : nullptr;
  if (pools == nullptr) {
    return report(
        options,
        make_error(Code::internal, Stage::transport, Certainty::maybe_started,
                   "the daemon's answer does not tell of its pools: see its log for what became of the reload"),
        Exit::failed);
  }
  int code = Exit::done;
  std::string told;
  for (const auto& pool : *pools) {
    const auto name = text_in(pool, "name");
    const auto error = text_in(pool, "error");
    if (error.empty()) {
      told += (told.empty() ? "" : "\n") + name + ": reloaded";
      continue;
    }
    code = Exit::failed;
    if (!options.json) {
      std::fprintf(stderr, "clutch: %s: not reloaded, its workers serve on as they were: %s\n", name.c_str(),
                   error.c_str());
    }
  }
  if (options.json) told = to_json(success(answer.value()));
  const int printed = told.empty() ? Exit::done : print(told);
  return printed == Exit::done ? code : printed;
}

}  // namespace clutch::cli
