// The nursery: parent and subreaper of the workers. Does as it is told over its socket, reports what happened, and
// outlives its host only for as long as it takes to kill the workers. Decides nothing: when to start, replace or
// kill a worker is the supervisor's. Single-threaded: PR_SET_PDEATHSIG of a worker refers to the thread that forked it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <vector>

#include "channel.hpp"
#include "messages.hpp"
#include "owned_fd.hpp"
#include "socket_directory.hpp"

namespace clutch::nursery {

class Nursery {
 public:
  struct Setup {
    pid_t host = 0;
    OwnedFd socket;
    SocketDirectory directory;
  };

  // Throws std::system_error where this process cannot become a nursery.
  explicit Nursery(Setup setup);

  // Until SHUTDOWN (0), the host's end (0) or a message that is none (3); all workers are dead then. The exit status.
  int run();

 private:
  enum class End { none, shutdown, host_gone, bad_message };

  End turn();
  End read_messages();
  End act_on(Received& received);
  void spawn(std::uint64_t incarnation, Received& received);
  void post(const Message& message, std::vector<OwnedFd> fds = {});
  void reap();
  void kill_all();
  bool wait_for_events(int timeout_ms);  // true if the host is gone
  bool has_children() const;

  Setup setup_;
  OwnedFd host_pidfd_;
  OwnedFd signals_;
  Outbox outbox_;
  std::map<std::uint64_t, pid_t> workers_;       // by incarnation
  std::map<pid_t, std::uint64_t> incarnations_;  // the same, by pid
};

}  // namespace clutch::nursery
