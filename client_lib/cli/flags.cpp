#include "flags.hpp"

#include "text/duration.hpp"

namespace clutch::cli {
namespace {

constexpr char hidden = '\x1f';

}  // namespace

std::vector<std::string> hidden_arguments(int argc, const char* const* argv) {
  std::vector<std::string> out;
  bool all = false;
  for (int i = 1; i < argc; ++i) {
    const std::string text = argv[i];
    if (!all && text == "--") {
      all = true;
    } else {
      out.push_back(all || (text.starts_with('[') && text.ends_with(']')) ? hidden + text : text);
    }
  }
  return out;
}
std::string show_again(std::string text) {
  if (text.starts_with(hidden)) text.erase(0, 1);
  return text;
}

void add_duration(CLI::App& app, const std::string& flag, std::optional<std::chrono::nanoseconds>& to,
                  const std::string& text) {
  const auto take = [&to, flag](const std::string& given) {
    to = text::parse_duration(given, "s");
    if (!to) throw CLI::ValidationError(flag, "`" + given + "` is no duration: write 30s, 1.5s, 250ms, 2m or 1h");
  };
  app.add_option_function<std::string>(flag, take, text)->type_name("DURATION");
}

void add_pairs(CLI::App& app, const std::string& flag, std::map<std::string, std::string>& to,
               const std::string& text) {
  const auto take = [&to, flag](const std::string& given) {
    const auto equals = given.find('=');
    if (equals == std::string::npos || equals == 0)
      throw CLI::ValidationError(flag, "`" + given + "` is not KEY=VALUE");
    to.insert_or_assign(given.substr(0, equals), given.substr(equals + 1));
  };
  app.add_option_function<std::string>(flag, take, text)
      ->type_name("KEY=VALUE")
      ->trigger_on_parse()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

}  // namespace clutch::cli
