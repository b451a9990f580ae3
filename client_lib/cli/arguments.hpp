// ARGS of a command line, and the lines of a map, as the arguments of a call.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "clutch/call_arguments.hpp"
#include "clutch/result.hpp"

namespace clutch::cli {

/// Each text is JSON where it parses as such, else a string; `name=value` is a keyword argument. The error is a
/// sentence for the user: JSON that does not cross.
[[nodiscard]] std::variant<CallArguments, std::string> parse_arguments(const std::vector<std::string>& texts);

/// A line is one JSON value: the one positional argument, or with `spread` an array all of them, an object keywords.
[[nodiscard]] Result<CallArguments> parse_line(std::string_view line, bool spread);

}  // namespace clutch::cli
