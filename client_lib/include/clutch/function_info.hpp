// What can be called, as Pool::functions() and Client::functions() tell it, and `clutch functions --json` prints it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clutch/codec.hpp"

namespace clutch {

struct FunctionInfo {
  std::string name = {};       ///< "module.function"
  std::string kind = {};       ///< "coroutine", "async_generator", "generator" or "plain"
  std::string signature = {};  ///< as Python prints it, "(item: str, *, colour: str = 'red') -> float"
  std::string doc = {};
  std::uint32_t limit = 0;              ///< how many may run at once; 0: no bound of its own
  std::string per = {};                 ///< what the limit is over, "worker" or "pool"; empty without one
  std::vector<std::string> notes = {};  ///< e.g. annotations that arguments are not checked against
  std::string pool = {};
};
CLUTCH_DEFINE(FunctionInfo, name, kind, signature, doc, limit, per, notes, pool)

/// A public name of a module that cannot be called, and why.
struct LeftOutName {
  std::string name = {};
  std::string why = {};
  std::string pool = {};
};
CLUTCH_DEFINE(LeftOutName, name, why, pool)

struct FunctionList {
  std::vector<FunctionInfo> functions = {};
  std::vector<LeftOutName> left_out = {};
};
CLUTCH_DEFINE(FunctionList, functions, left_out)

}  // namespace clutch
