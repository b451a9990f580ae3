// What a worker is busy with, for a person: the names of functions, never a value.
#pragma once

#include <string>

#include "core/functions.hpp"
#include "core/worker.hpp"

namespace clutch::core {

/// "shop.order (3), shop.price (1)": the functions of the calls that the worker has, answered ones too, the most
/// frequent first, at most ten. Empty: it has none.
[[nodiscard]] std::string names_of_calls(const Worker&, const Functions&);

}  // namespace clutch::core
