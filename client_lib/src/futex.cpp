#include "futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace clutch::detail {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

long futex(const std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* deadline) noexcept {
  return syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, deadline, nullptr, FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t seen,
                std::chrono::steady_clock::time_point deadline) noexcept {
  using namespace std::chrono;
  if (deadline == steady_clock::time_point::max()) {
    futex(word, FUTEX_WAIT_BITSET, seen, nullptr);
    return;
  }
  // libstdc++'s steady_clock is CLOCK_MONOTONIC, the clock of FUTEX_WAIT_BITSET, whose time is absolute.
  const auto since = deadline.time_since_epoch();
  if (since < steady_clock::duration::zero()) return;
  const auto whole = floor<seconds>(since);
  const timespec at{static_cast<time_t>(whole.count()), static_cast<long>(nanoseconds(since - whole).count())};
  futex(word, FUTEX_WAIT_BITSET, seen, &at);
}

void futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept {
  futex(word, FUTEX_WAKE_BITSET, INT_MAX, nullptr);
}

}  // namespace clutch::detail
