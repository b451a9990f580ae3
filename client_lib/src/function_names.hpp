// The names that callers use, each kept once, so that a waiting call need not hold a copy. As many as a program has;
// one that makes up names without end fills no memory.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace clutch::detail {

class FunctionNames {
 public:
  static constexpr std::size_t names_max = 4096;

  /// The kept one, valid as long as this; null: there is no room for another.
  [[nodiscard]] const std::string* keep(std::string_view name) {
    if (const auto known = names_.find(name); known != names_.end()) return &*known;
    return names_.size() < names_max ? &*names_.emplace(name).first : nullptr;
  }
  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> names_;
};

}  // namespace clutch::detail
