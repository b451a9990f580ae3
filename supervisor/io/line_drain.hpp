// Drains a pipe that a worker writes to, and gives its lines: a worker must never block because nobody reads.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "nursery/owned_fd.hpp"

namespace clutch::io {

class LineDrain {
 public:
  using OnLine = std::function<void(std::string_view line)>;

  /// Makes the pipe. Throws std::system_error.
  explicit LineDrain(OnLine on_line);

  [[nodiscard]] int read_fd() const noexcept { return read_.get(); }
  [[nodiscard]] int write_fd() const noexcept { return write_.get(); }
  /// The worker has its own copy by now.
  void close_write_fd() noexcept { write_.reset(); }

  /// Reads what is there, bounded; false once every writer is gone.
  bool drain();
  /// The last, unfinished line too.
  void finish();

 private:
  static constexpr std::size_t line_bytes_max = 8192;  // a longer one is cut into several

  void take(std::string_view bytes);

  OnLine on_line_;
  nursery::OwnedFd read_;
  nursery::OwnedFd write_;
  std::string partial_;
};

}  // namespace clutch::io
