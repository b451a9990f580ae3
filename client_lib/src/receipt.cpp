#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "clutch/detail/receipt_state.hpp"

namespace clutch::detail {
namespace {

int badness(CancelEnd end) noexcept {
  switch (end) {
    case CancelEnd::already_finished:
      return 0;
    case CancelEnd::removed_from_queue:
      return 1;
    case CancelEnd::unwound:
      return 2;
    case CancelEnd::worker_killed:
      return 3;
    case CancelEnd::ignored:
      break;
  }
  return 4;
}

// One receipt out of several. Goes by itself once the last is there.
class MergedReceipt {
 public:
  MergedReceipt(CallRef receipt, std::size_t parts) : receipt_(std::move(receipt)), left_(parts) {
    parts_.reserve(parts);
    for (std::size_t i = 0; i < parts; ++i) parts_.emplace_back(*this);
  }

  [[nodiscard]] CallRef part(std::size_t index) {
    CallRef state(new ReceiptState(receipt_->engine()));
    state->add_observer(parts_[index]);
    return state;
  }

 private:
  class Part final : public Observer {
   public:
    explicit Part(MergedReceipt& whole) : whole_(whole) {}
    void completed(CallState& call) noexcept override { whole_.add(static_cast<ReceiptState&>(call).take()); }

   private:
    MergedReceipt& whole_;
  };

  void add(Result<CancelReceipt>&& part) {
    {
      const std::lock_guard lock(mutex_);
      merge(std::move(part));
      if (--left_ != 0) return;
    }
    give_receipt(receipt_, std::move(merged_));
    delete this;
  }

  void merge(Result<CancelReceipt>&& part) {
    if (!merged_.ok()) return;
    if (!part.ok()) {
      merged_ = std::move(part);
      return;
    }
    CancelReceipt& merged = merged_.value();
    const auto longest = std::max(merged.after, part.value().after);
    if (badness(part.value().what) > badness(merged.what)) merged = std::move(part.value());
    merged.after = longest;
  }

  const CallRef receipt_;
  std::mutex mutex_;
  std::size_t left_;
  Result<CancelReceipt> merged_ = CancelReceipt{};
  std::vector<Part> parts_;
};

}  // namespace

void ReceiptState::do_cancel(CallRef receipt) { give_receipt(receipt, CancelReceipt{}); }

void give_receipt(const CallRef& receipt, Result<CancelReceipt> what) {
  if (receipt) static_cast<ReceiptState&>(*receipt).give(std::move(what));
}

CallRef cancel_for_receipt(CallState& call) {
  CallRef receipt(new ReceiptState(call.engine()));
  call.cancel(receipt);
  return receipt;
}

void cancel_all(std::span<const CallRef> calls, const CallRef& receipt) {
  if (!receipt || calls.empty()) {
    for (const CallRef& call : calls) {
      if (!call->done()) call->cancel();
    }
    return give_receipt(receipt, CancelReceipt{});
  }
  auto& merged = *new MergedReceipt(receipt, calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    CallRef part = merged.part(i);  // the last one given ends `merged`
    if (calls[i]->done()) {
      give_receipt(part, CancelReceipt{});
    } else {
      calls[i]->cancel(std::move(part));
    }
  }
}

}  // namespace clutch::detail
