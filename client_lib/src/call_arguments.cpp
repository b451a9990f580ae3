#include "clutch/call_arguments.hpp"

#include "clutch/detail/arguments.hpp"

namespace clutch::detail {
namespace {

std::optional<Error> check_names(const CallArguments& arguments) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : arguments.keywords) names.push_back(name);
  const auto twice = duplicate(names);
  if (!twice) return std::nullopt;
  return argument_error("the keyword argument '" + std::string(*twice) + "' is given twice");
}

}  // namespace

Result<Request> encode_arguments_of(CallArguments&& arguments) {
  if (auto error = check_names(arguments)) return std::move(*error);
  ArgumentWriter writer(arguments.positional.size(), arguments.keywords.size());
  try {
    for (Value& value : arguments.positional) {
      if (auto* bytes = value.get_if<Bytes>()) {
        writer.positional(std::move(*bytes));
      } else {
        writer.positional(value);
      }
    }
    for (auto& [name, value] : arguments.keywords) {
      if (auto* bytes = value.get_if<Bytes>()) {
        Keyword<Bytes> keyword{name, std::move(*bytes)};
        writer.keyword(keyword);
      } else {
        Keyword<Value&> keyword{name, value};
        writer.keyword(keyword);
      }
    }
    if (auto error = writer.finish()) return std::move(*error);
    return writer.request();
  } catch (const misuse&) {
    throw;
  } catch (const std::exception& error) {
    return writer.error(error.what());
  }
}

}  // namespace clutch::detail
