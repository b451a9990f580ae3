// clutch::Bytes: an immutable run of bytes, shared by copies. A result that is Bytes shares the received frame.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace clutch {

class Bytes {
 public:
  Bytes() noexcept = default;
  /// Copies.
  explicit Bytes(std::span<const std::byte> bytes)
      : Bytes(std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end())) {}
  explicit Bytes(std::string_view text) : Bytes(std::as_bytes(std::span(text.data(), text.size()))) {}
  /// Takes over.
  explicit Bytes(std::vector<std::byte>&& bytes)
      : Bytes(std::make_shared<const std::vector<std::byte>>(std::move(bytes))) {}
  /// Shares: `owner` keeps `bytes` alive. Any thread may drop the last copy.
  Bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) noexcept
      : bytes_(bytes), owner_(std::move(owner)) {}

  [[nodiscard]] std::span<const std::byte> span() const noexcept { return bytes_; }
  [[nodiscard]] const std::byte* data() const noexcept { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  /// The bytes as characters; a view, valid while this object or a copy of it lives.
  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  friend bool operator==(const Bytes& a, const Bytes& b) noexcept { return a.text() == b.text(); }

 private:
  explicit Bytes(std::shared_ptr<const std::vector<std::byte>> owned) noexcept
      : bytes_(*owned), owner_(std::move(owned)) {}

  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

}  // namespace clutch
