// The receipt of a cancel under way: completed by the engine that was asked, once it is known what became of the work.
#pragma once

#include <memory>
#include <optional>
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
  std::optional<Result<CancelReceipt>> receipt_;
};

/// To who wants one; nothing where `receipt` is null.
void give_receipt(const CallRef& receipt, Result<CancelReceipt> what);

}  // namespace clutch::detail
