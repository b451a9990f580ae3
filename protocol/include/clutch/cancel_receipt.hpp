// What became of the work that somebody cancelled: Call::cancel() and Stream::cancel() give it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clutch {

enum class CancelEnd : std::uint8_t {
  removed_from_queue,  ///< it waited, and is not begun
  unwound,             ///< it ended because of the cancel: its `finally` has run
  ignored,             ///< its grace is over and it goes on: a coroutine that swallows cancels, a plain function
  worker_killed,       ///< its worker died with it
  already_finished,    ///< it had ended by itself: its outcome does not come from the cancel
};

[[nodiscard]] std::string_view to_string(CancelEnd) noexcept;
[[nodiscard]] std::optional<CancelEnd> cancel_end_from(std::string_view) noexcept;

struct CancelReceipt {
  CancelEnd what = CancelEnd::already_finished;
  std::chrono::nanoseconds after{};  ///< from the cancel until that was known
  std::string where = {};            ///< with `ignored`: the Python stack it is stuck in, where that is known

  friend bool operator==(const CancelReceipt&, const CancelReceipt&) = default;
};

}  // namespace clutch
