#include "process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

extern char** environ;

namespace clutch::bench {
namespace {

struct Pipe {
  int read = -1;
  int write = -1;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {ends[0], ends[1]};
}

pid_t spawn(std::vector<std::string>& command, int in, int out) {
  std::vector<char*> argv;
  for (auto& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::system_error(failed, std::generic_category(), command[0]);
  return pid;
}

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

}  // namespace

Child::Child(std::vector<std::string> command) : name_(command.at(0)) {
  Pipe in = make_pipe();
  Pipe out = make_pipe();
  pid_ = spawn(command, in.read, out.write);
  close_fd(in.read);
  close_fd(out.write);
  in_ = in.write;
  out_ = out.read;
}

Child::Child(Child&& other) noexcept
    : name_(std::move(other.name_)),
      pid_(std::exchange(other.pid_, -1)),
      in_(std::exchange(other.in_, -1)),
      out_(std::exchange(other.out_, -1)),
      buffer_(std::move(other.buffer_)) {}

Child::~Child() {
  close_fd(in_);
  close_fd(out_);
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  reap();
}

bool Child::read_some() {
  char bytes[65536];
  const auto got = ::read(out_, bytes, sizeof bytes);
  if (got > 0) buffer_.append(bytes, static_cast<std::size_t>(got));
  return got > 0;
}

std::string Child::line() {
  std::size_t end;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    if (!read_some()) throw std::runtime_error(name_ + " ended too early");
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  return line;
}

void Child::say(const std::string& text) {
  if (::write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error(name_ + " does not listen");
  }
}

std::string Child::finish() {
  close_fd(in_);
  while (read_some()) {
  }
  const int status = reap();
  if (status != 0) throw std::runtime_error(name_ + " failed, status " + std::to_string(status));
  return std::move(buffer_);
}

bool Child::is_running() const {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

void Child::terminate() {
  if (pid_ > 0) ::kill(pid_, SIGTERM);
  reap();
}

int Child::reap() {
  int status = 0;
  if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), &status, 0);
  return status;
}

std::string output_of(std::vector<std::string> command) { return Child(std::move(command)).finish(); }

}  // namespace clutch::bench
