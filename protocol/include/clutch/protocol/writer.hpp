// Writes MessagePack into a buffer that grows and is kept between uses. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "clutch/protocol/blob.hpp"

namespace clutch::protocol {

class Writer {
 public:
  void nil();
  void boolean(bool);
  void integer(std::int64_t);
  void uint(std::uint64_t);
  void real(double);
  void string(std::string_view);  ///< the caller answers for its being UTF-8
  void binary(std::span<const std::byte>);
  void array(std::size_t elements);
  void map(std::size_t pairs);
  /// Seconds since the epoch and 0 … 999,999,999 nanoseconds.
  void timestamp(std::int64_t seconds, std::uint32_t nanoseconds);
  void raw(std::span<const std::byte> encoded);  ///< one value, encoded already

  /// An array whose count is said later: five bytes whatever the count.
  [[nodiscard]] std::size_t open_array();
  void close_array(std::size_t opened, std::size_t elements) noexcept;

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return buffer_; }
  [[nodiscard]] std::size_t size() const noexcept { return buffer_.size(); }
  [[nodiscard]] bool empty() const noexcept { return buffer_.empty(); }
  [[nodiscard]] Blob blob() const { return Blob(buffer_); }
  void clear() noexcept { buffer_.clear(); }
  /// Back to an earlier size(), dropping what was written since.
  void truncate(std::size_t size) noexcept { buffer_.resize(size); }

 private:
  std::vector<std::byte> buffer_;
};

}  // namespace clutch::protocol
