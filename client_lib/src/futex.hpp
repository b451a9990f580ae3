// Sleeping on a word until it changes. Linux: futex(2).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace clutch::detail {

/// Returns once the word may differ from `seen`, or spuriously, or at the deadline (time_point::max(): none).
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t seen,
                std::chrono::steady_clock::time_point deadline) noexcept;
void futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept;

}  // namespace clutch::detail
