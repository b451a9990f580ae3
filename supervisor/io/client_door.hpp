// Who may listen at a path, and who may come in: a directory that is the user's alone, and a lock held from before the
// bind, since libzmq takes a path from a daemon that listens there without a word.
#pragma once

#include <filesystem>

#include "nursery/owned_fd.hpp"

namespace clutch::io {

class ClientDoor {
 public:
  /// Makes the directory (mode 0700) where there is none, takes PATH.lock, removes what a dead daemon left. Throws
  /// std::runtime_error, with a sentence: the directory is another's or open to others, another daemon has the lock.
  explicit ClientDoor(std::filesystem::path socket);
  /// Removes the socket and the lock.
  ~ClientDoor();
  ClientDoor(const ClientDoor&) = delete;
  ClientDoor& operator=(const ClientDoor&) = delete;

  [[nodiscard]] const std::filesystem::path& socket() const noexcept { return socket_; }

  /// Renames the socket, which goes on listening, so that nobody finds it (false) or everybody does (true): who is
  /// connected stays so. Throws std::system_error.
  void let_in(bool newcomers);
  [[nodiscard]] bool lets_in() const noexcept { return lets_in_; }

 private:
  [[nodiscard]] bool take_lock();

  std::filesystem::path socket_;
  std::filesystem::path lock_path_;
  std::filesystem::path aside_;  // the socket's name while nobody is let in
  nursery::OwnedFd lock_;
  bool lets_in_ = true;
};

}  // namespace clutch::io
