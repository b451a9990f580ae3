#include "socket_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include "say.hpp"

namespace clutch::nursery {

SocketDirectory::SocketDirectory(const std::string& path)
    : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
  struct stat status {};
  if (!fd_ || ::fstat(fd_.get(), &status) < 0)
    throw std::system_error(errno, std::generic_category(), "the socket directory '" + path + "'");
  const auto mode = status.st_mode & 07777;
  // 0711: workers of another user enter, and find only what they were told of.
  if (status.st_uid != ::geteuid() || (mode != 0700 && mode != 0711))
    throw std::runtime_error("the socket directory '" + path + "' must belong to this user and have mode 0700 or 0711");
}

void SocketDirectory::remove() const {
  if (!fd_) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0)), ::closedir);
  if (!entries) return;
  while (const dirent* entry = ::readdir(entries.get())) {
    struct stat status {};
    if (::fstatat(fd_.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(status.st_mode))
      ::unlinkat(fd_.get(), entry->d_name, 0);
  }
  struct stat ours {};
  struct stat there {};
  if (::fstat(fd_.get(), &ours) < 0 || ::lstat(path_.c_str(), &there) < 0) return;
  if (ours.st_dev != there.st_dev || ours.st_ino != there.st_ino) return;
  if (::rmdir(path_.c_str()) < 0)
    say("left the socket directory '" + path_ + "': " + std::generic_category().message(errno));
}

}  // namespace clutch::nursery
