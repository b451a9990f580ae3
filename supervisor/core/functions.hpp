// The functions of a pool: what its workers registered, by name. Grows when a reload brings new ones; an id, once
// given, keeps its meaning: what is of another kind than before gets a new one. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/types.hpp"

namespace clutch::core {

enum class FunctionKind : std::uint8_t { coroutine, async_generator, generator, plain };

[[nodiscard]] std::string_view to_string(FunctionKind) noexcept;
[[nodiscard]] std::optional<FunctionKind> function_kind_from(std::string_view) noexcept;
[[nodiscard]] constexpr Execution execution_of(FunctionKind kind) noexcept {
  return kind == FunctionKind::coroutine || kind == FunctionKind::async_generator ? Execution::loop : Execution::thread;
}

/// One entry of REGISTER (PROTOCOL.md).
struct Function {
  std::string name;
  FunctionKind kind = FunctionKind::coroutine;
  std::string signature;
  std::string doc;
  std::uint32_t limit = 0;  ///< 0: none
  bool limit_per_pool = false;
  std::vector<std::string> notes;
};

struct LeftOut {
  std::string name;
  std::string why;
};

struct Registration {
  std::vector<Function> functions;
  std::vector<LeftOut> left_out;
};

class Functions {
 public:
  /// Adds or renews by name, which from then on stands for the latest. The result maps a position in `registration` to
  /// its id.
  std::vector<FunctionId> merge(const Registration& registration);

  [[nodiscard]] std::optional<FunctionId> find(std::string_view name) const;
  [[nodiscard]] const Function& operator[](FunctionId id) const { return functions_[id.value]; }
  [[nodiscard]] const std::vector<Function>& all() const noexcept { return functions_; }
  /// By id, those that their name stands for: not what was of another kind before.
  [[nodiscard]] std::vector<const Function*> current() const;
  [[nodiscard]] std::size_t size() const noexcept { return functions_.size(); }

  /// The sentence for a caller who named something else: with what they may have meant.
  [[nodiscard]] std::string not_found_message(std::string_view name, const std::vector<LeftOut>& left_out) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  std::vector<Function> functions_;
  std::unordered_map<std::string, FunctionId, Hash, std::equal_to<>> by_name_;
};

}  // namespace clutch::core
