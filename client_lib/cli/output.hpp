// Where results go: stdout or a file, in whole lines.
#pragma once

#include <string>
#include <string_view>

namespace clutch::cli {

class Output {
 public:
  /// Stdout.
  Output() = default;
  /// Makes or empties the file. Throws std::runtime_error, with a sentence, where it cannot.
  explicit Output(const std::string& file);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Adds a line; it may be kept until flush(), or until there is enough to write. False: see failed().
  bool line(std::string_view text);
  bool flush();

  /// Whoever read it went away: nothing is to be said about that.
  [[nodiscard]] bool closed() const noexcept;
  /// Looks whether that is so without writing, as far as that can be seen.
  [[nodiscard]] bool reader_left() noexcept;
  /// Empty, or the sentence that says why nothing more can be written.
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bool is_terminal() const noexcept;

 private:
  int fd_ = 1;
  std::string name_ = "standard output";
  std::string pending_;
  int error_ = 0;
};

}  // namespace clutch::cli
