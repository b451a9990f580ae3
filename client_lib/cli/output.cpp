#include "output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace clutch::cli {
namespace {

constexpr std::size_t write_at_bytes = 64u << 10;

// Somebody may have made the terminal or pipe non-blocking.
bool wait_until_writable(int fd) {
  pollfd one{fd, POLLOUT, 0};
  return ::poll(&one, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

Output::Output(const std::string& file)
    : fd_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)), name_(file) {
  if (fd_ < 0) throw std::runtime_error("cannot write " + file + ": " + std::generic_category().message(errno));
}

Output::~Output() {
  static_cast<void>(flush());
  if (fd_ != 1) ::close(fd_);
}

bool Output::line(std::string_view text) {
  pending_ += text;
  pending_ += '\n';
  return pending_.size() < write_at_bytes || flush();
}

bool Output::flush() {
  std::string_view rest = pending_;
  while (error_ == 0 && !rest.empty()) {
    const auto written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && !(errno == EAGAIN && wait_until_writable(fd_))) {
      error_ = errno;
    }
  }
  pending_.clear();
  return error_ == 0;
}

bool Output::closed() const noexcept { return error_ == EPIPE; }

bool Output::reader_left() noexcept {
  pollfd one{fd_, 0, 0};
  if (error_ == 0 && ::poll(&one, 1, 0) == 1 && (one.revents & (POLLERR | POLLHUP)) != 0) error_ = EPIPE;
  return closed();
}

std::string Output::problem() const {
  return error_ == 0 ? "" : "cannot write " + name_ + ": " + std::generic_category().message(error_);
}

bool Output::is_terminal() const noexcept { return ::isatty(fd_) == 1; }

}  // namespace clutch::cli
