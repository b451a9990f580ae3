#include "io/line_drain.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace clutch::io {

LineDrain::LineDrain(OnLine on_line) : on_line_(std::move(on_line)) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  read_.reset(ends[0]);
  write_.reset(ends[1]);
  ::fcntl(read_.get(), F_SETFL, O_NONBLOCK);  // this end alone: the flag belongs to the open file, not to the pipe
}

bool LineDrain::drain() {
  std::array<char, 16384> buffer;
  for (int reads = 0; reads < 16; ++reads) {
    const auto size = ::read(read_.get(), buffer.data(), buffer.size());
    if (size == 0) return false;
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    take({buffer.data(), static_cast<std::size_t>(size)});
  }
  return true;
}

void LineDrain::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    const auto room = line_bytes_max - partial_.size();
    partial_ += piece.substr(0, room);
    if (piece.size() > room) {
      on_line_(partial_);
      partial_.clear();
      bytes.remove_prefix(room);
      continue;
    }
    if (end == std::string_view::npos) return;
    on_line_(partial_);
    partial_.clear();
    bytes.remove_prefix(end + 1);
  }
}

void LineDrain::finish() {
  static_cast<void>(drain());
  if (!partial_.empty()) on_line_(partial_);
  partial_.clear();
}

}  // namespace clutch::io
