// Reads the items of one batch of a stream, each as a value of its own: its path, its limits and its frame.
#pragma once

#include <cstdint>

#include "clutch/protocol/payload.hpp"
#include "clutch/reader.hpp"

namespace clutch::detail {

/// The items must outlive it, where they are.
class ItemsReader {
 public:
  explicit ItemsReader(const StreamItems& items) noexcept : reader_(items.body.bytes(), &items.frames) {
    protocol::Head head;
    static_cast<void>(reader_.cursor_.next(head));  // of the array; where it lies, an item will not be there
  }

  /// As Reader::value().
  template <class T>
  [[nodiscard]] T next() {
    reader_.path_.restart(0);
    reader_.item_ = next_++;
    return reader_.value<T>();
  }

 private:
  Reader reader_;
  std::uint32_t next_ = 0;
};

}  // namespace clutch::detail
