// clutchd's life: its pools and its clients on one loop, in one thread.
//
//   state    | event               -> state    | what is done
//   ---------+---------------------------------+--------------------------------------------------
//   starting | every pool started  -> serving  | listens, says so
//   starting | a pool's start failed -> ending | the other pools are ended
//   starting, serving | SIGTERM, SIGINT -> draining | no new calls; those under way have stop_timeout
//   serving  | SIGHUP              -> serving  | workers are replaced by ones that import the code anew
//   draining | a second signal     -> draining | workers are killed now
//   draining | every pool stopped  -> ending   | the last answers go out
//   ending   | they are sent, or it takes too long -> (end)
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "daemon/config.hpp"
#include "daemon/notify.hpp"
#include "io/client_door.hpp"
#include "io/client_gate.hpp"
#include "io/event_loop.hpp"
#include "io/pool_shell.hpp"

namespace clutch::daemon {

/// Exit codes of clutchd.
enum ExitCode : int { exit_done = 0, exit_usage = 2, exit_cannot_start = 3 };

class Daemon {
 public:
  /// Takes the lock of its socket before anything else. Throws std::exception, with a sentence. SIGTERM and SIGINT are
  /// blocked in all threads by then.
  Daemon(const Config&, LogSink, std::string release);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Until it is told to end, or cannot start.
  [[nodiscard]] ExitCode run();

 private:
  enum class State : std::uint8_t { starting, serving, draining, ending };

  struct PoolLife {
    std::unique_ptr<io::PoolShell> shell;
    std::chrono::nanoseconds stop_timeout{};
    bool started = false;
    bool stopped = false;
  };

  void add_pool(const PoolOptions&);
  void step();
  void on_pool_failed(const std::string& name, const Error&);
  void on_signal();
  void reload_all(core::Time now);
  void drain(bool at_once);
  void on_command(std::string_view name, protocol::Span arguments, io::CommandDone done);
  void reload(protocol::Span arguments, io::CommandDone done);
  void lift(protocol::Span arguments, const io::CommandDone& done);
  void answer_drains();
  void watch_descriptors(core::Time now);
  [[nodiscard]] std::uint64_t lost_calls() const;
  void tell_that_it_stops();
  void serve_if_started();
  void end_if_stopped(core::Time now);
  [[nodiscard]] bool has_work();
  void note(LogLevel level, const std::string& text) { log_.write(level, "clutchd", text); }

  Config config_;
  LogSink sink_;
  std::string release_;
  io::PoolLog log_;
  ServiceManager manager_;
  io::ClientDoor door_;
  std::mutex guard_;  // the loop's; there is no other thread to keep out
  io::EventLoop loop_;
  io::OwnedFd signals_;
  io::ZmqContext context_;
  std::vector<PoolLife> pools_;
  std::unique_ptr<io::ClientGate> gate_;
  State state_ = State::starting;
  std::optional<Error> failure_;
  std::vector<io::CommandDone> drains_;  // answered when the last call is over
  std::uint64_t lost_before_ = 0;        // the drain
  core::Time end_by_ = core::never;
  core::Time descriptors_counted_{};
  core::Time told_{};  // by a signal, the latest time
  bool said_goodbye_ = false;
  bool done_ = false;
};

}  // namespace clutch::daemon
