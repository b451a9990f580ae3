// The arguments of a call that are known only at run time: Caller::apply.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "clutch/protocol/payload.hpp"
#include "clutch/value.hpp"

namespace clutch {

struct CallArguments {
  std::vector<Value> positional = {};
  std::vector<std::pair<std::string, Value>> keywords = {};  ///< a name given twice is the error of the call
};

namespace detail {
/// Bytes at the top level travel as frames of their own, as those of call() do.
[[nodiscard]] Result<Request> encode_arguments_of(CallArguments&& arguments);
}  // namespace detail

}  // namespace clutch
