#include "io/stuck_calls.hpp"

#include <algorithm>
#include <utility>

namespace clutch::io {
namespace {

constexpr auto patience = std::chrono::milliseconds(300);  // the GIL may be held, and nobody there to answer
constexpr std::size_t stack_bytes_max = 16u << 10;

}  // namespace

void StuckCalls::hold(core::ReceiptDelivery&& receipt, core::Time now) {
  held_.push_back({std::move(receipt), now + patience});
}

void StuckCalls::on_where(core::CallId call, std::string_view stack, const Deliver& deliver) {
  const auto of_call =
      std::stable_partition(held_.begin(), held_.end(), [call](const Held& each) { return each.receipt.call != call; });
  std::vector<Held> told(std::make_move_iterator(of_call), std::make_move_iterator(held_.end()));
  held_.erase(of_call, held_.end());
  for (auto& each : told) {
    each.receipt.what.where = stack.substr(0, stack_bytes_max);
    deliver(std::move(each.receipt));
  }
}

void StuckCalls::give_up(core::Time now, const Deliver& deliver) {
  const auto first = std::find_if(held_.begin(), held_.end(), [now](const Held& each) { return each.by > now; });
  std::vector<Held> late(std::make_move_iterator(held_.begin()), std::make_move_iterator(first));
  held_.erase(held_.begin(), first);
  for (auto& each : late) deliver(std::move(each.receipt));
}

}  // namespace clutch::io
