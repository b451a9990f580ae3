#include "client_lib/support.hpp"

namespace clutch::testing_support {

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<std::size_t>(byte >> 4)];
    text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return text;
}

std::vector<std::byte> unhex(std::string_view text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

Error error_of(Code code, std::string message) {
  Error error;
  error.code = code;
  error.stage = Stage::run;
  error.certainty = Certainty::maybe_started;
  error.message = std::move(message);
  return error;
}

void ManualEngine::submit(detail::CallRef call, std::string_view function, Request&& request,
                          const CallOptions& options) {
  const std::lock_guard lock(mutex);
  calls.push_back({std::move(call), std::string(function), std::move(request), options});
}

ManualEngine::Submitted& ManualEngine::at(std::size_t index) {
  const std::lock_guard lock(mutex);
  return calls.at(index);
}

detail::CallRef ManualEngine::call(std::size_t index) {
  const std::lock_guard lock(mutex);
  return calls.at(index).call;
}

void ManualEngine::on_credit(detail::CallState&) { ++credits; }

void ManualEngine::push(std::size_t index, StreamItems items) {
  if (const detail::CallRef stream = call(index)) stream->stream()->push(std::move(items));
}

void ManualEngine::give(std::size_t index, Result<CancelReceipt> receipt) {
  detail::CallRef given;
  {
    const std::lock_guard lock(mutex);
    given = receipts.at(index);
  }
  detail::give_receipt(given, std::move(receipt));
}

void ManualEngine::cancel(detail::CallState& call, detail::CallRef receipt) {
  ++cancels;
  if (receipt) {
    const std::lock_guard lock(mutex);
    receipts.push_back(std::move(receipt));
  }
  if (ignore_cancels) return;
  std::size_t index = 0;
  {
    const std::lock_guard lock(mutex);
    while (index < calls.size() && calls[index].call.get() != &call) ++index;
    if (index == calls.size()) return;
  }
  complete(index, error_of(Code::cancelled));
}

void ManualEngine::complete(std::size_t index, detail::Outcome outcome) {
  detail::CallRef call;
  {
    const std::lock_guard lock(mutex);
    call = std::move(calls.at(index).call);
  }
  if (call) call->complete(std::move(outcome));
}

void ManualEngine::end() {
  for (std::size_t i = 0; i < calls.size(); ++i) complete(i, error_of(Code::unavailable, "the pool ended"));
  for (auto& receipt : std::exchange(receipts, {})) {
    if (!receipt->done()) detail::give_receipt(receipt, error_of(Code::unavailable, "the pool ended"));
  }
}

}  // namespace clutch::testing_support
