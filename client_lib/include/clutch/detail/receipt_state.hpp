// The receipt of a cancel under way: completed by the engine that was asked, once it is known what became of the work.
#pragma once

#include <optional>
#include <span>
#include <utility>

#include "clutch/cancel_receipt.hpp"
#include "clutch/detail/call_state.hpp"

namespace clutch::detail {

class ReceiptState final : public TypedState<Result<CancelReceipt>> {
 public:
  using TypedState::TypedState;

  /// Exactly once, any thread, holding a reference.
  void give(Result<CancelReceipt> receipt) {
    receipt_ = std::move(receipt);
    finish();
  }
  [[nodiscard]] bool failed() const noexcept override { return !receipt_->ok(); }
  Result<CancelReceipt> take() override { return std::move(*receipt_); }

 private:
  // Nobody is asked to stop looking.
  void do_cancel(CallRef receipt) override;
  void do_detach() override {}

  std::optional<Result<CancelReceipt>> receipt_;
};

/// To who wants one; nothing where `receipt` is null.
void give_receipt(const CallRef& receipt, Result<CancelReceipt> what);
/// Cancels each that is not over. The receipt, if one is wanted, tells the least good of what became of them:
/// `ignored`, `worker_killed`, `unwound`, `removed_from_queue`, `already_finished`, in this order, and the longest
/// time; a receipt that is an error goes before all.
void cancel_all(std::span<const CallRef> calls, const CallRef& receipt);

}  // namespace clutch::detail
