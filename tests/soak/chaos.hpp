// Makes the faults of a schedule happen, one after the other, and counts those that truly did.
#pragma once

#include <array>
#include <atomic>
#include <clutch/client.hpp>
#include <clutch/pool.hpp>
#include <map>
#include <mutex>

#include "daemon/support.hpp"
#include "ledger.hpp"
#include "schedule.hpp"

namespace clutch::soak {

/// What calls are to do something bad: taken by the thread that has the load.
struct Wanted {
  std::array<std::atomic<int>, 2> crashes{}, leaves{}, blocks{}, poisons{};  // [1]: through the daemon
};

/// One thread.
class Chaos {
 public:
  Chaos(Pool& pool, daemon_test::Daemon& daemon, const Client& client, Wanted& wanted)
      : pool_(pool), daemon_(daemon), client_(client), wanted_(wanted) {}

  /// Waits its time, then fires. False: it found nobody to strike.
  bool fire(const Fault& fault);
  [[nodiscard]] const std::map<std::string_view, int>& fired() const noexcept { return fired_; }
  /// Counts anew.
  void forget_fired() { fired_.clear(); }
  /// Of the clients that came and went.
  [[nodiscard]] const Verdict& visitors() const noexcept { return visitors_; }

 private:
  bool strike(const Fault&);
  [[nodiscard]] pid_t nursery(bool of_the_daemon) const;
  [[nodiscard]] pid_t ready_worker(bool of_the_daemon) const;
  bool kill_worker(const Fault&);
  bool stop(pid_t process, std::chrono::milliseconds lasts);
  bool kill_nursery(const Fault&);
  bool restart_daemon(const Fault&);
  bool drain_daemon(const Fault&);
  bool reload(bool of_the_daemon);
  bool poison(bool of_the_daemon);
  bool kill_client(const Fault&);
  bool client_leaves(const Fault&);
  bool garbage(const Fault&);

  Pool& pool_;
  daemon_test::Daemon& daemon_;
  const Client& client_;
  Wanted& wanted_;
  std::map<std::string_view, int> fired_;
  Verdict visitors_;
  int visits_ = 0;
};

/// The program that kill_client kills: calls without end. soak --visitor ENDPOINT FILE SEED.
[[noreturn]] void visit(const std::string& endpoint, const std::string& path, std::uint64_t seed);

}  // namespace clutch::soak
