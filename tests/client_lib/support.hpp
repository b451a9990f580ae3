// What the client tests share: values by their bytes in hex, and an engine that the test completes by hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "clutch/caller.hpp"
#include "clutch/detail/completion_thread.hpp"
#include "clutch/detail/receipt_state.hpp"
#include "clutch/protocol/scan.hpp"

namespace clutch::testing_support {

std::string hex(std::span<const std::byte> bytes);
std::vector<std::byte> unhex(std::string_view text);

template <class T>
std::string written(const T& value) {
  Writer writer;
  writer.value(value);
  return hex(writer.bytes());
}

template <class T>
Result<T> read(std::string_view text, PayloadFrames frames = {}) {
  return detail::decode<T>(Reply{Blob(unhex(text)), std::move(frames)});
}

template <class T>
std::string read_error(std::string_view text) {
  const Result<T> result = read<T>(text);
  return result.ok() ? "no error" : result.error().message;
}

template <class T>
Reply reply(const T& value) {
  Writer writer;
  writer.value(value);
  return {writer.blob(), {}};
}

/// A batch of a stream as an engine brings it.
template <class T>
StreamItems items_of(const std::vector<T>& values, std::uint64_t first = 0) {
  return {first, static_cast<std::uint32_t>(values.size()), reply(values).body, {}};
}

Error error_of(Code code, std::string message = "no reason");

/// Takes calls and leaves them to the test. complete() may be called from any thread.
class ManualEngine final : public detail::Engine {
 public:
  struct Submitted {
    detail::CallRef call;
    std::string function;
    Request request;
    CallOptions options;
  };

  void submit(detail::CallRef call, std::string_view function, Request&& request, const CallOptions& options) override;
  /// Ends the call as cancelled, unless `ignore_cancels`. Receipts are left to the test.
  void cancel(detail::CallState& call, detail::CallRef receipt) override;
  void on_credit(detail::CallState& stream) override;
  void detach(detail::CallState&) override { ++detached; }
  void post(void (*run)(void*), void* argument) override { thread.post(run, argument); }

  Submitted& at(std::size_t index);
  /// Null once it is over.
  detail::CallRef call(std::size_t index);
  void complete(std::size_t index, detail::Outcome outcome);
  void push(std::size_t index, StreamItems items);
  template <class T>
  void push(std::size_t index, const std::vector<T>& values) {
    push(index, items_of(values));
  }
  [[nodiscard]] StreamCredit credit(std::size_t index) { return call(index)->stream()->credit(); }
  /// The n-th receipt that was asked for.
  void give(std::size_t index, Result<CancelReceipt> receipt);
  /// As an engine does at its end: whatever is left.
  void end();

  std::mutex mutex;
  std::vector<Submitted> calls;  // whose `call` is null once it is over
  std::atomic<int> cancels{0};
  std::atomic<int> detached{0};
  std::atomic<int> credits{0};
  std::vector<detail::CallRef> receipts;
  bool ignore_cancels = false;
  detail::CompletionThread thread;
};

/// A Caller on an engine of the test's.
struct ManualPool : Caller {
  explicit ManualPool(std::shared_ptr<ManualEngine> manual = std::make_shared<ManualEngine>())
      : Caller(manual, {}), engine(*manual) {}
  ManualPool(const ManualPool&) = delete;
  ManualPool& operator=(const ManualPool&) = delete;
  ~ManualPool() { engine.end(); }

  ManualEngine& engine;
};

}  // namespace clutch::testing_support
