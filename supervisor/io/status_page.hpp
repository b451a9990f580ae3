// The status page of one incarnation (PROTOCOL.md): made here, written by the worker, read here.
#pragma once

#include <cstdint>

#include "core/loop_watch.hpp"
#include "nursery/owned_fd.hpp"

namespace clutch::io {

struct PageReading {
  std::uint64_t begun_loop = 0;
  std::uint64_t begun_thread = 0;
  core::Pulse pulse = {};
};

class StatusPage {
 public:
  /// Throws std::system_error.
  StatusPage();
  ~StatusPage();
  StatusPage(const StatusPage&) = delete;
  StatusPage& operator=(const StatusPage&) = delete;

  /// The memfd to hand down; valid until released.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  void release_fd() noexcept { fd_.reset(); }
  /// A peer's data: not to be trusted.
  [[nodiscard]] PageReading read() const noexcept;

 private:
  nursery::OwnedFd fd_;
  std::uint64_t* cells_ = nullptr;
};

}  // namespace clutch::io
