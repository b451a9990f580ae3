// Kinds of flags that CLI11 has not, and a way around what it does to arguments.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace clutch::cli {

// CLI11 takes "[1,2]" apart where an option may be given many times, and after `--` gives nothing to a subcommand whose
// positional arguments are optional; neither can be turned off. So a JSON array, and what follows `--`, is hidden from
// it behind this character, which no argument begins with.
[[nodiscard]] std::vector<std::string> hidden_arguments(int argc, const char* const* argv);
[[nodiscard]] std::string show_again(std::string text);

/// "30s" and the like; a number alone is seconds.
void add_duration(CLI::App& app, const std::string& flag, std::optional<std::chrono::nanoseconds>& to,
                  const std::string& text);
/// KEY=VALUE, as often as one likes.
void add_pairs(CLI::App& app, const std::string& flag, std::map<std::string, std::string>& to, const std::string& text);

}  // namespace clutch::cli
