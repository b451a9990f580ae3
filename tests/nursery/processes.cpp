#include "processes.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "nursery/process_tree.hpp"

namespace clutch::test {
namespace {

using std::chrono::milliseconds;

template <class Visit>
void for_each_pid(Visit visit) {
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos) visit(static_cast<pid_t>(std::stoi(name)));
  }
}

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

bool readable(int fd, milliseconds bound) {
  const auto deadline = std::chrono::steady_clock::now() + bound;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd event{fd, POLLIN, 0};
    const int ready = ::poll(&event, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

OwnedFd pidfd_of(pid_t pid) { return OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

void kill_by(const OwnedFd& pidfd, int signal) { ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0); }

std::vector<std::string> children_of(pid_t parent) {
  std::vector<std::string> result;
  for_each_pid([&](pid_t pid) {
    const auto process = nursery::parse_stat(slurp("/proc/" + std::to_string(pid) + "/stat"));
    if (process && process->parent == parent) result.push_back(std::to_string(pid) + ' ' + process->state);
  });
  return result;
}

std::vector<pid_t> processes_with(const std::string& mark) {
  std::vector<pid_t> result;
  for_each_pid([&](pid_t pid) {
    if (slurp("/proc/" + std::to_string(pid) + "/environ").find(mark) != std::string::npos) result.push_back(pid);
  });
  return result;
}

std::size_t open_fds() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

Pipe::Pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) throw std::runtime_error("pipe2");
  read.reset(ends[0]);
  write.reset(ends[1]);
}

std::string Pipe::read_all(milliseconds bound) {
  write.reset();
  std::string text;
  char part[4096];
  while (readable(read.get(), bound)) {
    const ssize_t size = ::read(read.get(), part, sizeof part);
    if (size <= 0) return text;
    text.append(part, static_cast<std::size_t>(size));
  }
  return text + "<no end in time>";
}

std::string Pipe::read_line(milliseconds bound) {
  std::string line;
  char c = 0;
  while (readable(read.get(), bound) && ::read(read.get(), &c, 1) == 1 && c != '\n') line += c;
  return line;
}

OwnedFd memfd(const char* name) { return OwnedFd(::memfd_create(name, MFD_CLOEXEC)); }

std::string contents(const OwnedFd& file) {
  char text[4096];
  const ssize_t size = ::pread(file.get(), text, sizeof text, 0);
  return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

TemporaryDirectory::TemporaryDirectory() {
  char name[] = "/tmp/nursery-test-XXXXXX";
  if (::mkdtemp(name) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void TemporaryDirectory::add_socket(const std::string& name) const {
  const OwnedFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = path_ / name;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0)
    throw std::runtime_error("bind");
}

void TemporaryDirectory::add_file(const std::string& name) const { std::ofstream(path_ / name) << "kept"; }

}  // namespace clutch::test
