#include "io/client_door.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace clutch::io {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

void own_directory(const fs::path& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) fail("cannot make the directory " + directory.string());
  const nursery::OwnedFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat facts {};
  if (!fd || ::fstat(fd.get(), &facts) != 0) fail("cannot use " + directory.string() + " as the socket's directory");
  if (facts.st_uid != ::geteuid()) {
    throw std::runtime_error("the socket's directory " + directory.string() + " belongs to another user (uid " +
                             std::to_string(facts.st_uid) + "): choose another `listen`");
  }
  if ((facts.st_mode & 077) != 0) {
    throw std::runtime_error(
        "the socket's directory " + directory.string() +
        " is open to other users, who could then run code as you: chmod 700 it, or choose another `listen`");
  }
}

std::string holder(int lock) {
  std::array<char, 32> text{};
  const auto size = ::pread(lock, text.data(), text.size(), 0);
  const std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return pid.empty() ? "" : " (pid " + pid.substr(0, pid.find('\n')) + ")";
}

}  // namespace

ClientDoor::ClientDoor(fs::path socket)
    : socket_(std::move(socket)), lock_path_(socket_.string() + ".lock"), aside_(socket_.string() + ".aside") {
  own_directory(socket_.parent_path());
  while (!take_lock()) {
  }
  std::error_code ignored;
  const auto status = fs::symlink_status(socket_, ignored);
  if (fs::exists(status) && !fs::is_socket(status)) {
    ::unlink(lock_path_.c_str());
    throw std::runtime_error(socket_.string() + " exists and is not a socket: choose another `listen`");
  }
  ::unlink(socket_.c_str());
  ::unlink(aside_.c_str());
}

void ClientDoor::let_in(bool newcomers) {
  const auto& from = newcomers ? aside_ : socket_;
  const auto& to = newcomers ? socket_ : aside_;
  if (newcomers == lets_in_) return;
  if (::rename(from.c_str(), to.c_str()) != 0) fail("cannot rename " + from.string());
  lets_in_ = newcomers;
}

ClientDoor::~ClientDoor() {
  ::unlink(aside_.c_str());
  ::unlink(socket_.c_str());
  ::unlink(lock_path_.c_str());
}

// False: the file was removed by the daemon that had it, between our opening and our locking it.
bool ClientDoor::take_lock() {
  lock_.reset(::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock_) fail("cannot open " + lock_path_.string());
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) fail("cannot lock " + lock_path_.string());
    throw std::runtime_error("a daemon" + holder(lock_.get()) + " listens at " + socket_.string() +
                             " already: stop it, or choose another `listen`");
  }
  struct stat ours {};
  struct stat there {};
  if (::fstat(lock_.get(), &ours) != 0 || ::stat(lock_path_.c_str(), &there) != 0 || ours.st_ino != there.st_ino)
    return false;
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock_.get(), 0) != 0 || ::pwrite(lock_.get(), pid.data(), pid.size(), 0) < 0) {
    fail("cannot write " + lock_path_.string());
  }
  return true;
}

}  // namespace clutch::io
