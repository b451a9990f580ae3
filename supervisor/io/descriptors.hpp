// How many file descriptors this process has left. libzmq's listener aborts the process where accept() finds none
// (reliability 28), so new clients must be kept away before that.
#pragma once

#include <cstddef>
#include <string>

namespace clutch::io {

struct DescriptorUse {
  std::size_t open = 0;
  std::size_t limit = 0;  ///< RLIMIT_NOFILE, soft

  [[nodiscard]] std::size_t free() const noexcept { return limit > open ? limit - open : 0; }
};

/// Of this process, now. Costs a system call or two on Linux 6.2 and later, a look at each descriptor before.
[[nodiscard]] DescriptorUse descriptors_in_use();

/// When to keep newcomers away. Pure.
struct DescriptorMarks {
  /// A quarter of the limit, but 200 … 1,500: connections may be accepted, a thousand at most (the monitor's queue),
  /// before the loop hears of the first, and a backlog more afterwards.
  std::size_t close_below = 200;
  std::size_t open_above = 400;

  [[nodiscard]] static DescriptorMarks of(std::size_t limit) noexcept;
  /// Whether newcomers are let in, given whether they are now.
  [[nodiscard]] bool let_in(std::size_t free, bool now) const noexcept {
    return now ? free >= close_below : free > open_above;
  }
};

/// Why a daemon with so many cannot serve, and what to do; empty: it can.
[[nodiscard]] std::string shortage_of(const DescriptorUse&);

}  // namespace clutch::io
