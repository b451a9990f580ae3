// Lines of a file or pipe, one at a time, in bounded memory: a line that is too long is reported and passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace clutch::cli {

class LineReader {
 public:
  /// Stdin where `file` is empty. Throws std::runtime_error, with a sentence, where it cannot be opened.
  LineReader(const std::string& file, std::size_t line_bytes_max);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  struct Line {
    std::string_view text;  ///< without its end; valid until the next call; empty where it is too long
    bool too_long = false;
    std::uint64_t bytes = 0;  ///< that it takes in the input
  };
  /// Nothing at the end, and once `stop_fd` is readable. Throws std::system_error where it cannot read.
  [[nodiscard]] std::optional<Line> next(int stop_fd);

  /// How much there is in all, where that is known beforehand.
  [[nodiscard]] std::optional<std::uint64_t> size() const noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  bool fill(int stop_fd);
  Line take(std::size_t length, std::size_t end);

  int fd_ = 0;
  std::size_t line_bytes_max_;
  std::string buffer_;
  std::size_t start_ = 0;    // of what is not taken yet
  std::size_t scanned_ = 0;  // up to here there is no line's end
  std::uint64_t passed_over_ = 0;
  bool ended_ = false;
};

}  // namespace clutch::cli
