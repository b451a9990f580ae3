// Counts what operator new gives out on this thread, so that a test can say "without allocating". Linked into every
// test program by clutch_test_support; under a sanitizer it counts nothing and `counts` is false.
#pragma once

#include <cstddef>

namespace clutch::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool counts_allocations = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool counts_allocations = false;
#else
inline constexpr bool counts_allocations = true;
#endif
#else
inline constexpr bool counts_allocations = true;
#endif

/// Bytes given out on this thread so far, those given back included.
[[nodiscard]] std::size_t allocated_bytes() noexcept;

}  // namespace clutch::test
