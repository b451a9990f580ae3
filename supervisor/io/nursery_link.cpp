#include "nursery_link.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <utility>

#include "environment.hpp"
#include "nursery/launch.hpp"

namespace clutch::io {
namespace {

using nursery::Receipt;
using nursery::Received;
using std::chrono::milliseconds;

constexpr milliseconds killed_max{2'000};

std::error_code last_error() { return {errno, std::generic_category()}; }

// Readable within `bound`, whatever signals the host's handlers take meanwhile.
bool wait_readable(int fd, milliseconds bound) {
  const auto deadline = std::chrono::steady_clock::now() + bound;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd readable{fd, POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

OwnedFd sealed_memfd(const std::string& bytes, std::error_code& error) {
  OwnedFd file(::memfd_create("clutch-spawn", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  std::size_t written = 0;
  while (file && written < bytes.size()) {
    const ssize_t size = ::write(file.get(), bytes.data() + written, bytes.size() - written);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    written += static_cast<std::size_t>(size);
  }
  const bool done = file && written == bytes.size() &&
                    ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
  if (!done) error = last_error();
  return file;
}

}  // namespace

std::unique_ptr<NurseryLink> NurseryLink::start(const std::filesystem::path& program, NurseryOptions options) {
  nursery::Launched launched = nursery::launch(
      {.program = program, .socket_directory = options.socket_directory, .environment = worker_environment({}, false)});
  std::unique_ptr<NurseryLink> link(new NurseryLink);
  link->options_ = std::move(options);
  link->owner_ = ::getpid();
  link->pid_ = launched.pid;
  link->pidfd_ = std::move(launched.pidfd);
  link->socket_ = std::move(launched.socket);
  link->wait_until_ready(link->options_.ready_max);
  link->watch();
  return link;
}

NurseryLink::~NurseryLink() {
  if (!inert()) shut_down();
}

void NurseryLink::wait_until_ready(milliseconds bound) {
  if (!wait_readable(socket_.get(), bound)) throw std::runtime_error("clutch-nursery was not ready in time");
  Received received;
  if (nursery::receive(socket_.get(), received) != Receipt::message)
    throw std::runtime_error("clutch-nursery ended before it was ready; it says why on stderr");
  const auto message = nursery::decode(received.bytes);
  if (!message || !std::holds_alternative<nursery::Ready>(*message))
    throw std::runtime_error("clutch-nursery is of another release than this library");
}

void NurseryLink::watch() {
  epoll_ = OwnedFd(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN, .data = {}};
  if (!epoll_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket_.get(), &event) < 0 ||
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, pidfd_.get(), &event) < 0)
    throw std::system_error(last_error(), "epoll");
}

std::error_code NurseryLink::spawn(const SpawnRequest& request) {
  if (inert() || gone_) return std::make_error_code(std::errc::no_such_process);
  const std::optional<std::string> bytes = nursery::encode_request({.argv = request.argv,
                                                                    .environment = request.environment,
                                                                    .working_directory = request.working_directory,
                                                                    .cpus = request.cpus,
                                                                    .access = request.access});
  if (!bytes) return std::make_error_code(std::errc::invalid_argument);

  std::error_code error;
  std::vector<OwnedFd> fds;
  fds.push_back(sealed_memfd(*bytes, error));
  if (error) return error;
  const WorkerFds& w = request.fds;
  // Copies, since the message may have to wait for room after the caller closed its own.
  for (const int fd : {w.page, w.watchdog, w.fault, w.log, w.out, w.err}) {
    fds.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!fds.back()) return last_error();
  }
  send(nursery::Spawn{request.incarnation}, std::move(fds));
  return {};
}

void NurseryLink::kill_tree(std::uint64_t incarnation) {
  if (!inert() && !gone_) send(nursery::KillTree{incarnation});
}

void NurseryLink::send(const nursery::Message& message, std::vector<OwnedFd> fds) {
  outbox_.post(nursery::encode(message), std::move(fds));
  flush();
}

// A peer that is gone is seen by `poll`, which the descriptors then wake.
void NurseryLink::flush() {
  outbox_.flush(socket_.get());
  const bool want = !outbox_.empty();
  if (want == watching_for_room_) return;
  watching_for_room_ = want;
  epoll_event event{.events = want ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket_.get(), &event);
}

void NurseryLink::poll(const Handler& handler) {
  if (inert() || gone_) return;
  if (!outbox_.empty()) flush();
  // Seen before the last read: all that a dead nursery had sent is read then.
  const bool ended = wait_readable(pidfd_.get(), milliseconds(0));
  Received received;
  while (!gone_) {
    switch (nursery::receive(socket_.get(), received)) {
      case Receipt::message:
        hand_out(received, handler);
        break;
      case Receipt::closed:
        return lose("clutch-nursery has ended", handler);
      case Receipt::nothing:
        if (ended) lose("clutch-nursery has ended", handler);
        return;
    }
  }
}

void NurseryLink::hand_out(Received& received, const Handler& handler) {
  std::optional<nursery::Message> message = nursery::decode(received.bytes);
  if (received.fds_lost) return lose("this process has no descriptors left for a worker's pidfd", handler);
  if (!message || received.fds.size() != nursery::fds_of(*message))
    return lose("clutch-nursery sent what is no message", handler);
  if (const auto* spawned = std::get_if<nursery::Spawned>(&*message))
    handler(Spawned{spawned->incarnation, spawned->pid, std::move(received.fds[0])});
  else if (auto* failed = std::get_if<SpawnFailed>(&*message))
    handler(std::move(*failed));
  else if (const auto* exited = std::get_if<Exited>(&*message))
    handler(*exited);
  else
    lose("clutch-nursery sent a message that is not its to send", handler);
}

void NurseryLink::lose(std::string why, const Handler& handler) {
  gone_ = true;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket_.get(), nullptr);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, pidfd_.get(), nullptr);
  handler(NurseryGone{std::move(why)});
}

bool NurseryLink::inert() const { return ::getpid() != owner_; }

bool NurseryLink::wait_for_end(milliseconds bound) const { return wait_readable(pidfd_.get(), bound); }

void NurseryLink::shut_down() {
  const auto deadline = std::chrono::steady_clock::now() + options_.shutdown_max;
  outbox_.post(nursery::encode(nursery::Shutdown{}));
  // Not `flush`: an epoll may not exist yet. Whether the nursery is there to read it, the pidfd tells.
  bool ended = false;
  while (!ended && outbox_.flush(socket_.get()) && !outbox_.empty() && std::chrono::steady_clock::now() < deadline)
    ended = wait_for_end(milliseconds(10));
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  if (!ended && !wait_for_end(std::max(left, milliseconds(0)))) {
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
    wait_for_end(killed_max);
  }
  // Of exactly this process, whose pid may be another's by now: a host that ignores SIGCHLD, or waits for all its
  // children, has left nothing to reap.
  siginfo_t how{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &how, WEXITED | WNOHANG);
}

}  // namespace clutch::io
