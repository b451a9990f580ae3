#include "core/functions.hpp"

#include <algorithm>
#include <array>

#include "text/nearest.hpp"

namespace clutch::core {
namespace {

constexpr std::array<std::string_view, 4> kinds = {"coroutine", "async_generator", "generator", "plain"};

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

std::string_view to_string(FunctionKind kind) noexcept { return kinds[static_cast<std::size_t>(kind)]; }

std::optional<FunctionKind> function_kind_from(std::string_view name) noexcept {
  const auto at = std::find(kinds.begin(), kinds.end(), name);
  if (at == kinds.end()) return std::nullopt;
  return static_cast<FunctionKind>(at - kinds.begin());
}

std::vector<FunctionId> Functions::merge(const Registration& registration) {
  std::vector<FunctionId> ids;
  ids.reserve(registration.functions.size());
  for (const auto& function : registration.functions) {
    const auto [at, added] = by_name_.try_emplace(function.name, FunctionId{static_cast<std::uint32_t>(size())});
    if (added || functions_[at->second.value].kind != function.kind) {
      at->second = FunctionId{static_cast<std::uint32_t>(size())};
      functions_.push_back(function);
    } else {
      functions_[at->second.value] = function;
    }
    ids.push_back(at->second);
  }
  return ids;
}

std::optional<FunctionId> Functions::find(std::string_view name) const {
  const auto at = by_name_.find(name);
  if (at == by_name_.end()) return std::nullopt;
  return at->second;
}

std::vector<const Function*> Functions::current() const {
  std::vector<const Function*> current;
  for (std::uint32_t i = 0; i < functions_.size(); ++i) {
    if (find(functions_[i].name) == FunctionId{i}) current.push_back(&functions_[i]);
  }
  return current;
}

std::string Functions::not_found_message(std::string_view name, const std::vector<LeftOut>& left_out) const {
  std::string message = "there is no function `" + std::string(name) + "` in this pool";
  const auto why = std::find_if(left_out.begin(), left_out.end(), [&](const auto& it) { return it.name == name; });
  if (why != left_out.end()) return message + ": it was left out, because " + why->why;
  const Function* nearest = nullptr;
  std::size_t nearest_distance = std::max<std::size_t>(2, name.size() / 4) + 1;
  for (const auto& function : functions_) {
    // The right function without, or with another, module is what people most often write.
    const auto distance = last_part(function.name) == last_part(name) ? 1 : text::edit_distance(function.name, name);
    if (distance < nearest_distance) {
      nearest = &function;
      nearest_distance = distance;
    }
  }
  if (nearest != nullptr) return message + "; did you mean `" + nearest->name + "`?";
  if (functions_.empty()) return message + ": its modules define no callable function";
  return message + "; `clutch functions` lists what there is";
}

}  // namespace clutch::core
