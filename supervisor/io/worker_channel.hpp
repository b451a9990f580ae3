// Everything that one incarnation of a worker has on this side: two lanes, the status page, the watchdog's socket, the
// memfd for faulthandler, three pipes. Turns messages into the core's events and the core's actions into messages.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/pool_core.hpp"
#include "io/boot.hpp"
#include "io/event_loop.hpp"
#include "io/lane.hpp"
#include "io/line_drain.hpp"
#include "io/nursery_link.hpp"
#include "io/output_budget.hpp"
#include "io/status_page.hpp"

namespace clutch::io {

/// Log records of a pool, made only where they are wanted.
class PoolLog;

class WorkerChannel {
 public:
  /// Throws std::system_error where a descriptor or a socket cannot be had.
  WorkerChannel(EventLoop&, ZmqContext&, const std::filesystem::path& directory, const BootPlan&, PoolLog&,
                const core::Spawn&);
  ~WorkerChannel();
  WorkerChannel(const WorkerChannel&) = delete;
  WorkerChannel& operator=(const WorkerChannel&) = delete;

  [[nodiscard]] core::WorkerId worker() const noexcept { return spawn_.worker; }
  [[nodiscard]] core::Incarnation incarnation() const noexcept { return spawn_.incarnation; }
  [[nodiscard]] SpawnRequest spawn_request() const;
  void on_spawned(Spawned&&);
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// The supervisor's copies of what was handed down.
  void close_handed_down();

  // Towards the worker. RUNs gather in one message until flush(); false: the lane takes nothing more.
  [[nodiscard]] bool run(const core::Run&);
  [[nodiscard]] bool flush();
  // Both go out with the next flush_controls(), which keeps what the lane does not take: false where there is some.
  void cancel(const core::SendCancel& cancel) { cancels_.push_back(cancel); }
  void credit(const core::SendCredit& credit) { credits_.insert_or_assign(credit.seq, credit); }
  [[nodiscard]] bool flush_controls();
  void ping(std::uint64_t n);
  /// Asks the worker's watchdog thread, which may answer while its loop is blocked. False: it cannot be asked.
  using OnWhere = std::function<void(core::CallId, std::string_view stack)>;
  [[nodiscard]] bool ask_where(core::CallId, OnWhere on_where);
  /// The same: which call the loop is at, 0 for none that is known, and the stack of the loop's thread.
  using OnBlocked = std::function<void(core::CallId, std::string_view stack)>;
  [[nodiscard]] bool ask_blocked(OnBlocked on_blocked);
  /// Has its faulthandler write all stacks into its memfd, which may crash it. False: it cannot be told.
  [[nodiscard]] bool signal_fault() const;
  void stop(core::Time by);

  /// Takes what the lanes have, at most a turn's worth; whether there may be more.
  bool receive(core::PoolCore&, core::Time now);
  /// A lane woke, or was sent on: receive() is worth calling.
  [[nodiscard]] bool needs_attention() const noexcept { return attention_; }
  /// Whether a lane can be received from right now.
  [[nodiscard]] bool has_mail() noexcept { return data_.readable() || control_.readable(); }
  void read_page(core::PoolCore&, core::Time now) const;

  /// Whether the connection of a lane has ended. A worker whose loop turns sees it too, and ends.
  [[nodiscard]] bool lane_lost() noexcept;
  /// The nursery is gone: waits, bounded, until the kernel has ended this worker.
  void await_death();
  [[nodiscard]] bool lost_with_nursery() const noexcept { return lost_with_nursery_; }
  /// It is reaped. What it had sent arrives until drained() says so, at the latest at a bound.
  void on_exited(core::Exit, core::Time now);
  [[nodiscard]] bool exited() const noexcept { return exit_.has_value(); }
  [[nodiscard]] bool drained(core::Time now);
  /// Takes the last of everything, its words and its page too; the end itself is left to be told to the core.
  [[nodiscard]] const core::Exit& take_last(core::PoolCore&, core::Time now);

 private:
  enum class LaneName : std::uint8_t { data, control };

  bool receive_on(Lane&, LaneName, core::PoolCore&, core::Time now);
  void on_message(const ReceivedMessage&, LaneName, core::PoolCore&, core::Time now);
  void on_record(const protocol::Message&, const protocol::Record&, const ReceivedMessage&, LaneName, core::PoolCore&,
                 core::Time now);
  void on_result(const protocol::Message&, const protocol::Record&, const ReceivedMessage&, core::PoolCore&,
                 core::Time now);
  void on_items(const protocol::Message&, const protocol::Record&, const ReceivedMessage&, core::PoolCore&,
                core::Time now);
  void on_attached(LaneName);
  void send_boot();
  void watch_pipes();
  [[nodiscard]] bool ask_watchdog(std::string_view question);
  void on_line(std::string_view line, const std::function<void(std::string_view)>& write);
  void tell_dropped();
  void read_watchdog();
  [[nodiscard]] std::string read_fault() const;
  void begin_data();
  [[nodiscard]] bool attached() const noexcept { return attached_[0] || attached_[1]; }
  void tell_held();

  EventLoop& loop_;
  const BootPlan& plan_;
  PoolLog& log_;
  core::Spawn spawn_;
  std::string source_;
  std::string data_endpoint_;
  std::string control_endpoint_;
  Lane data_;
  Lane control_;
  StatusPage page_;
  nursery::OwnedFd watchdog_;
  nursery::OwnedFd watchdog_theirs_;
  bool watchdog_watched_ = false;
  OnWhere on_where_;
  OnBlocked on_blocked_;
  nursery::OwnedFd fault_;
  OutputBudget output_;
  LineDrain out_;
  LineDrain err_;
  LineDrain log_pipe_;
  nursery::OwnedFd pidfd_;
  pid_t pid_ = 0;
  std::string said_;  // its last words on stderr before it was ready
  bool attached_[2] = {false, false};
  bool ready_ = false;
  bool attention_ = true;
  bool lost_with_nursery_ = false;
  std::optional<core::Exit> exit_;
  core::Time drained_by_{};
  protocol::Envelope outgoing_;
  std::vector<Bytes> outgoing_frames_;
  bool outgoing_open_ = false;
  protocol::Envelope control_out_;
  std::vector<core::SendCancel> cancels_;              // not sent yet
  std::map<std::uint64_t, core::SendCredit> credits_;  // by seq, not sent yet
  protocol::Message message_;
  ReceivedMessage received_;
};

}  // namespace clutch::io
