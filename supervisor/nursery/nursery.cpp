#include "nursery.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "process_tree.hpp"
#include "say.hpp"
#include "spawn.hpp"

namespace clutch::nursery {
namespace {

constexpr std::chrono::seconds all_dead_max{5};
constexpr int try_later_ms = 100;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

OwnedFd open_pidfd(pid_t pid) { return OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

// SIGCHLD comes as a descriptor. What a terminal or a service manager sends to all processes it knows is ignored: the
// nursery ends with its host, not before it, else a host that drains on SIGTERM would lose its workers at once.
OwnedFd take_signals() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM})
    ::signal(signal, SIG_IGN);
  struct sigaction children {};
  children.sa_handler = SIG_DFL;
  children.sa_flags = SA_NOCLDSTOP;
  ::sigaction(SIGCHLD, &children, nullptr);
  sigset_t mask;
  ::sigemptyset(&mask);
  ::sigaddset(&mask, SIGCHLD);
  if (::sigprocmask(SIG_SETMASK, &mask, nullptr) < 0) fail("sigprocmask");
  OwnedFd fd(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) fail("signalfd");
  return fd;
}

std::optional<WorkerRequest> read_request(const OwnedFd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) < 0 || status.st_size < 0) return std::nullopt;
  if (static_cast<std::size_t>(status.st_size) > request_bytes_max) return std::nullopt;
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = ::pread(file.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got <= 0) return std::nullopt;
    have += static_cast<std::size_t>(got);
  }
  return decode_request(bytes);
}

Exited how_it_ended(std::uint64_t incarnation, int status) {
  Exited exited{.incarnation = incarnation};
  if (WIFSIGNALED(status)) {
    exited.signal = WTERMSIG(status);
    exited.core_dumped = WCOREDUMP(status);
  } else {
    exited.exit_code = WEXITSTATUS(status);
  }
  return exited;
}

}  // namespace

Nursery::Nursery(Setup setup) : setup_(std::move(setup)), host_pidfd_(open_pidfd(setup_.host)) {
  if (!host_pidfd_ && errno != ESRCH) fail("pidfd_open of the host");
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) fail("PR_SET_CHILD_SUBREAPER");
  signals_ = take_signals();
  post(Ready{});
}

int Nursery::run() {
  // A host that died before its pidfd was opened left this process to another parent.
  End end = !host_pidfd_ || ::getppid() != setup_.host ? End::host_gone : End::none;
  while (end == End::none) end = turn();
  kill_all();
  if (end == End::host_gone) setup_.directory.remove();
  return end == End::bad_message ? 3 : 0;
}

Nursery::End Nursery::turn() {
  if (!outbox_.flush(setup_.socket.get())) return End::host_gone;
  if (wait_for_events(outbox_.try_later() ? try_later_ms : -1)) return End::host_gone;
  reap();
  return read_messages();
}

bool Nursery::wait_for_events(int timeout_ms) {
  const bool full = !outbox_.empty() && !outbox_.try_later();
  pollfd events[] = {{host_pidfd_.get(), POLLIN, 0},
                     {setup_.socket.get(), static_cast<short>(full ? POLLIN | POLLOUT : POLLIN), 0},
                     {signals_.get(), POLLIN, 0}};
  if (::poll(events, 3, timeout_ms) < 0 && errno != EINTR) fail("poll");
  return events[0].revents != 0;
}

Nursery::End Nursery::read_messages() {
  Received received;
  for (;;) {
    switch (receive(setup_.socket.get(), received)) {
      case Receipt::nothing:
        return End::none;
      // No process holds the other end: the host has executed another program, or is about to be seen as gone.
      case Receipt::closed:
        return End::host_gone;
      case Receipt::message:
        break;
    }
    const End end = act_on(received);
    if (end != End::none) return end;
  }
}

Nursery::End Nursery::act_on(Received& received) {
  const std::optional<Message> message = decode(received.bytes);
  if (message && (received.fds_lost || received.fds.size() == fds_of(*message))) {
    if (const auto* to_spawn = std::get_if<Spawn>(&*message)) {
      spawn(to_spawn->incarnation, received);
      return End::none;
    }
    if (const auto* to_kill = std::get_if<KillTree>(&*message)) {
      const auto worker = workers_.find(to_kill->incarnation);
      if (worker != workers_.end()) kill_tree(worker->second);
      return End::none;
    }
    if (std::holds_alternative<Shutdown>(*message)) return End::shutdown;
  }
  say("a message of " + std::to_string(received.bytes.size()) +
      " bytes from the host is none of this release: all workers are killed");
  return End::bad_message;
}

void Nursery::spawn(std::uint64_t incarnation, Received& received) {
  const auto refuse = [&](int error, const std::string& text) { post(SpawnFailed{incarnation, error, text}); };
  if (received.fds_lost) return refuse(EMFILE, "the nursery has no descriptors left");
  if (workers_.contains(incarnation)) return refuse(EEXIST, "a worker of this incarnation is alive");
  const std::optional<WorkerRequest> request = read_request(received.fds[0]);
  if (!request) return refuse(EINVAL, "the request is malformed");
  received.fds.erase(received.fds.begin());

  const SpawnOutcome outcome = spawn_worker(*request, received.fds);
  if (outcome.pid == 0) return refuse(outcome.error, outcome.text);
  std::vector<OwnedFd> pidfd;
  pidfd.push_back(open_pidfd(outcome.pid));
  if (!pidfd[0]) {
    const int error = errno;
    kill_tree(outcome.pid);
    return refuse(error, "cannot open a pidfd of the worker");
  }
  workers_.emplace(incarnation, outcome.pid);
  incarnations_.emplace(outcome.pid, incarnation);
  post(Spawned{incarnation, outcome.pid}, std::move(pidfd));
}

void Nursery::post(const Message& message, std::vector<OwnedFd> fds) { outbox_.post(encode(message), std::move(fds)); }

void Nursery::reap() {
  signalfd_siginfo ignored;
  bool signalled = false;
  while (::read(signals_.get(), &ignored, sizeof ignored) > 0) signalled = true;
  if (!signalled) return;

  std::vector<Exited> exited;
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
    const auto worker = incarnations_.find(pid);
    if (worker == incarnations_.end()) continue;  // a remnant, or a child that failed before exec
    exited.push_back(how_it_ended(worker->second, status));
    workers_.erase(worker->second);
    incarnations_.erase(worker);
  }
  // The children of a process are handed on before it can be reaped, so what the dead left is ours by now. A remnant's
  // own end signals again: nothing is missed. Told only after, so that EXITED means that the tree is being killed.
  kill_remnants([this](pid_t pid) { return incarnations_.contains(pid); });
  for (const Exited& one : exited) post(one);
}

bool Nursery::has_children() const {
  siginfo_t any{};
  return ::waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// Also tells the host, if there still is one that listens.
void Nursery::kill_all() {
  for (const auto& [incarnation, pid] : workers_) kill_tree(pid);
  const auto deadline = std::chrono::steady_clock::now() + all_dead_max;
  while (has_children() && std::chrono::steady_clock::now() < deadline) {
    pollfd children{signals_.get(), POLLIN, 0};
    ::poll(&children, 1, try_later_ms);
    reap();
  }
  if (has_children()) say("some descendants of the workers did not die of SIGKILL in time");
  outbox_.flush(setup_.socket.get());
}

}  // namespace clutch::nursery
