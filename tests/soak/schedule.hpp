// Which fault comes when and strikes whom: all of it follows from the seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace clutch::soak {

enum class Kind : std::uint8_t {
  kill_worker,    ///< SIGKILL
  crash,          ///< SIGSEGV in a call
  system_exit,    ///< raised by a call
  stop_worker,    ///< SIGSTOP, later SIGCONT
  block_loop,     ///< a coroutine that sleeps without awaiting
  kill_nursery,   ///< SIGKILL, and all workers with it
  kill_daemon,    ///< SIGKILL, started again soon
  outage,         ///< the same, away for longer than its clients wait
  stop_daemon,    ///< SIGSTOP, later SIGCONT
  kill_client,    ///< SIGKILL of a program in the midst of its calls
  client_leaves,  ///< a client ends with calls under way
  poison,         ///< a call that kills each worker that has it, and is tried again
  reload,         ///< new code, worker by worker
  drain_daemon,   ///< `clutch drain`, started again soon
  garbage,        ///< a peer that sends what is no message
};

struct Shape {
  Kind kind;
  std::string_view name;
  int a_round;         ///< how often in each round
  bool of_the_daemon;  ///< there is no such thing in an embedded pool
};

// A further fault is a row here and a case in Chaos::fire.
inline constexpr Shape shapes[] = {
    {Kind::kill_worker, "worker killed", 6, false},
    {Kind::crash, "crash in a call", 2, false},
    {Kind::system_exit, "SystemExit", 1, false},
    {Kind::stop_worker, "worker stopped", 1, false},
    {Kind::block_loop, "loop blocked", 2, false},
    {Kind::kill_nursery, "nursery killed", 1, false},
    {Kind::kill_daemon, "daemon killed", 1, true},
    {Kind::outage, "daemon away", 1, true},
    {Kind::stop_daemon, "daemon stopped", 1, true},
    {Kind::kill_client, "client killed", 1, true},
    {Kind::client_leaves, "client leaves", 1, true},
    {Kind::poison, "poison call", 1, false},
    {Kind::reload, "reload", 1, false},
    {Kind::drain_daemon, "daemon drained", 1, true},
    {Kind::garbage, "garbage peer", 1, true},
};

struct Fault {
  Kind kind;
  bool daemon;  ///< strikes the daemon's pool, not the embedded one
  std::chrono::milliseconds before;
  std::chrono::milliseconds lasts;
  std::uint64_t random;  ///< for whatever else is left to chance
};

[[nodiscard]] const Shape& shape_of(Kind kind);

class Schedule {
 public:
  explicit Schedule(std::uint64_t seed) : random_(seed) {}
  /// Each kind as often as its shape says, in an order of its own.
  std::vector<Fault> next_round();

 private:
  std::mt19937_64 random_;
};

[[nodiscard]] std::string describe(const Fault& fault);

}  // namespace clutch::soak
