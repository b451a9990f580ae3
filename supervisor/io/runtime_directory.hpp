// The supervisor's own directory for its sockets: mode 0700, so that the file system keeps every other user out.
#pragma once

#include <filesystem>

namespace clutch::io {

class RuntimeDirectory {
 public:
  /// Makes a fresh one under $XDG_RUNTIME_DIR, else $TMPDIR, else /tmp. Throws std::system_error; std::runtime_error
  /// where a socket's path in it would be longer than the 107 bytes that the kernel takes.
  /// `for_others`: under /tmp, since the user alone can enter the others.
  explicit RuntimeDirectory(bool for_others = false);
  ~RuntimeDirectory();
  RuntimeDirectory(const RuntimeDirectory&) = delete;
  RuntimeDirectory& operator=(const RuntimeDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// A forked child does not remove its parent's directory.
  void abandon() noexcept { path_.clear(); }

 private:
  std::filesystem::path path_;
};

}  // namespace clutch::io
