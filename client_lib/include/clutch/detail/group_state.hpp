// A call made of others: what join, try_join and race give. Its children tell it of their end on the thread that ends
// them; it converts nothing before it is taken.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "clutch/detail/call_state.hpp"
#include "clutch/detail/members.hpp"

namespace clutch::detail {

enum class GroupEnd : std::uint8_t {
  all,            ///< when each child is over
  first_failure,  ///< or when one has failed: the others are cancelled
  first,          ///< when one is over: the others are cancelled
};

using Children = std::vector<CallRef>;

/// Kept alive by its children until each is over. `R` is what get() gives.
template <class R>
class GroupState : public TypedState<R>, private Members {
 public:
  GroupState(GroupEnd end, Children children)
      : TypedState<R>(children.empty() ? nullptr : children.front()->engine()),
        Members(static_cast<CallState&>(*this)),
        end_(end),
        children_(std::move(children)),
        left_(children_.size()) {}

  /// Once, after construction, by who holds a reference.
  void start() {
    if (children_.empty()) return this->finish();
    for (const CallRef& child : children_) add(child);
  }

  [[nodiscard]] bool failed() const noexcept override {
    const CallState* decisive = decisive_.load(std::memory_order_acquire);
    return decisive != nullptr && decisive->failed();
  }

 protected:
  [[nodiscard]] const Children& children() const noexcept { return children_; }
  /// The first to fail, or to end; null where each had to.
  [[nodiscard]] const CallState* decisive() const noexcept { return decisive_.load(std::memory_order_acquire); }

 private:
  void on_end(CallState& child) noexcept override {
    const bool decides = end_ == GroupEnd::first || (end_ == GroupEnd::first_failure && child.failed());
    if (!decides) {
      // Where one failed it never counts down, so the last of the others does not end the group a second time.
      if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) this->finish();
      return;
    }
    const CallState* none = nullptr;
    if (!decisive_.compare_exchange_strong(none, &child, std::memory_order_acq_rel)) return;
    this->finish();
    close();
  }

  void do_cancel(CallRef receipt) override { close(receipt); }
  void do_detach() override {
    for (const CallRef& child : children_) child->detach();
  }

  const GroupEnd end_;
  const Children children_;
  std::atomic<std::size_t> left_;
  std::atomic<const CallState*> decisive_{nullptr};
};

}  // namespace clutch::detail
