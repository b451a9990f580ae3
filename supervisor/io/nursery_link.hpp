// The supervisor's end of the nursery: it starts clutch-nursery, asks it for workers and their end, and hands on what
// it reports. No policy: whether a worker is replaced, or a nursery that is gone started again, is decided elsewhere.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "nursery/channel.hpp"
#include "nursery/messages.hpp"
#include "nursery/owned_fd.hpp"

namespace clutch::io {

using nursery::OwnedFd;

struct NurseryOptions {
  std::filesystem::path socket_directory;  // removed, with the sockets in it, when this process is gone; empty: none
  std::chrono::milliseconds ready_max{10'000};
  std::chrono::milliseconds shutdown_max{6'000};  // then it is killed, and the workers with it
};

// The numbers that they get in the worker are those of PROTOCOL.md. Borrowed until `spawn` returns.
struct WorkerFds {
  int page = -1;
  int watchdog = -1;
  int fault = -1;
  int log = -1;
  int out = -1;
  int err = -1;
};

struct SpawnRequest {
  std::uint64_t incarnation = 0;         // never used before
  std::vector<std::string> argv;         // argv[0]: a path, or a name looked up in the PATH of `environment`
  std::vector<std::string> environment;  // exactly this (see environment.hpp)
  std::string working_directory;         // empty: this process's when the nursery was started
  std::vector<std::uint32_t> cpus;       // empty: any
  nursery::WorkerAccess access = {};
  WorkerFds fds;
};

// It runs the program. The pidfd turns readable when the worker is dead.
struct Spawned {
  std::uint64_t incarnation = 0;
  pid_t pid = 0;
  OwnedFd pidfd;
};
using nursery::Exited;  // {incarnation, signal, exit_code, core_dumped}: it was reaped, its descendants were killed
using nursery::SpawnFailed;  // {incarnation, error, text}: it never ran
// The last event. Workers without an Exited die now, by PR_SET_PDEATHSIG: a pidfd of theirs that is readable counts as
// reaped. SPAWNs without an answer have none. What workers had started in sessions of their own may live on.
struct NurseryGone {
  std::string why;
};
using NurseryEvent = std::variant<Spawned, SpawnFailed, Exited, NurseryGone>;

// Used from one thread, but it may be made on another that ends. Nothing here waits, except start and the destructor.
// In a forked child of the process that made it, everything is inert and the destructor only closes descriptors.
class NurseryLink {
 public:
  // Waits until the nursery is ready. Throws std::system_error or std::runtime_error.
  static std::unique_ptr<NurseryLink> start(const std::filesystem::path& program, NurseryOptions options = {});

  // Has all workers killed, and waits, bounded, until that is done and the nursery reaped.
  ~NurseryLink();

  NurseryLink(const NurseryLink&) = delete;
  NurseryLink& operator=(const NurseryLink&) = delete;

  // To be watched for reading; when it is readable, call `poll`.
  int fd() const { return epoll_.get(); }

  // The nursery's, for messages and tests.
  pid_t pid() const { return pid_; }

  // Without an error, one Spawned or SpawnFailed follows, unless NurseryGone comes first. With one, nothing follows:
  // invalid_argument (no process can be made of the request), no descriptors, or no_such_process (the nursery is gone).
  [[nodiscard]] std::error_code spawn(const SpawnRequest& request);

  // SIGKILL to the worker and all its descendants. Nothing for an incarnation that is not alive.
  void kill_tree(std::uint64_t incarnation);

  // Hands out what has arrived. The handler may call spawn and kill_tree, but not destroy the link.
  using Handler = std::function<void(NurseryEvent)>;
  void poll(const Handler& handler);

 private:
  NurseryLink() = default;
  void wait_until_ready(std::chrono::milliseconds bound);
  void watch();
  void send(const nursery::Message& message, std::vector<OwnedFd> fds = {});
  void flush();
  void hand_out(nursery::Received& received, const Handler& handler);
  void lose(std::string why, const Handler& handler);
  bool inert() const;
  void shut_down();
  bool wait_for_end(std::chrono::milliseconds bound) const;

  NurseryOptions options_;
  pid_t owner_ = 0;  // the process that made it
  pid_t pid_ = 0;
  OwnedFd pidfd_;
  OwnedFd socket_;
  OwnedFd epoll_;
  nursery::Outbox outbox_;
  bool watching_for_room_ = false;
  bool gone_ = false;
};

}  // namespace clutch::io
