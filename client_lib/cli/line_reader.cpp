#include "line_reader.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace clutch::cli {
namespace {

constexpr std::size_t read_bytes = 64u << 10;

}  // namespace

LineReader::LineReader(const std::string& file, std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {
  if (file.empty()) return;
  fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) throw std::runtime_error("cannot read " + file + ": " + std::generic_category().message(errno));
}

LineReader::~LineReader() {
  if (fd_ != 0) ::close(fd_);
}

std::optional<std::uint64_t> LineReader::size() const noexcept {
  struct stat status {};
  if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

// False: stopped. The end of the input is told by ended_.
bool LineReader::fill(int stop_fd) {
  std::array<pollfd, 2> fds = {pollfd{fd_, POLLIN, 0}, pollfd{stop_fd, POLLIN, 0}};
  while (::poll(fds.data(), fds.size(), -1) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "cannot wait for input");
  }
  if (fds[1].revents != 0) return false;
  buffer_.erase(0, std::exchange(start_, 0));
  const auto old = buffer_.size();
  buffer_.resize(old + read_bytes);
  const auto got = ::read(fd_, buffer_.data() + old, read_bytes);
  const int error = errno;
  buffer_.resize(old + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  scanned_ = old;
  if (got < 0 && error != EINTR && error != EAGAIN)
    throw std::system_error(error, std::generic_category(), "cannot read the input");
  ended_ = got == 0;
  return true;
}

LineReader::Line LineReader::take(std::size_t length, std::size_t end) {
  Line line;
  line.bytes = passed_over_ + length + end;
  line.too_long = passed_over_ + length > line_bytes_max_;
  if (!line.too_long) line.text = std::string_view(buffer_).substr(start_, length);
  start_ += length + end;
  scanned_ = start_;
  passed_over_ = 0;
  return line;
}

std::optional<LineReader::Line> LineReader::next(int stop_fd) {
  for (;;) {
    const auto end = buffer_.find('\n', scanned_);
    if (end != std::string::npos) return take(end - start_, 1);
    const std::size_t held = buffer_.size() - start_;
    if (ended_) return held + passed_over_ > 0 ? std::optional(take(held, 0)) : std::nullopt;
    if (held > line_bytes_max_) {
      passed_over_ += held;
      start_ = scanned_ = buffer_.size();
    }
    if (!fill(stop_fd)) return std::nullopt;
  }
}

}  // namespace clutch::cli
