// A move-only run of bytes that keeps small ones in itself: most arguments and results are a few bytes, and a call
// should not cost an allocation for each. Owns what it holds; no thread safety of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace clutch {

class Blob {
 public:
  static constexpr std::size_t inline_bytes_max = 40;

  Blob() noexcept = default;
  explicit Blob(std::span<const std::byte> bytes) : size_(bytes.size()) {
    if (size_ > inline_bytes_max) heap_ = new std::byte[size_];
    if (size_ != 0) std::memcpy(mutable_data(), bytes.data(), size_);
  }
  Blob(Blob&& other) noexcept { take(other); }
  Blob& operator=(Blob&& other) noexcept {
    if (this != &other) {
      release();
      take(other);
    }
    return *this;
  }
  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;
  ~Blob() { release(); }

  [[nodiscard]] Blob clone() const { return Blob(bytes()); }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {size_ > inline_bytes_max ? heap_ : small_, size_};
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// What it keeps on the heap, for accounting.
  [[nodiscard]] std::size_t heap_bytes() const noexcept { return size_ > inline_bytes_max ? size_ : 0; }

 private:
  std::byte* mutable_data() noexcept { return size_ > inline_bytes_max ? heap_ : small_; }
  void release() noexcept {
    if (size_ > inline_bytes_max) delete[] heap_;
    size_ = 0;
  }
  void take(Blob& other) noexcept {
    size_ = std::exchange(other.size_, 0);
    if (size_ > inline_bytes_max) {
      heap_ = other.heap_;
    } else {
      std::memcpy(small_, other.small_, sizeof small_);
    }
  }

  std::size_t size_ = 0;
  union {
    std::byte small_[inline_bytes_max];
    std::byte* heap_;
  };
};

}  // namespace clutch
