// One client of the daemon: its calls under way, the windows both ways, and the replies that wait. Pure: bytes, numbers
// and times go in, messages come out; no socket, no clock.
//
// What the daemon keeps for a client that does not read is bounded: its window (under way, in libzmq),
// client_pause_bytes at which its queued calls wait, and client_replies_bytes_max at which the values of calls that had
// begun are discarded.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "clutch/cancel_receipt.hpp"
#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/records.hpp"
#include "core/types.hpp"
#include "io/gate_streams.hpp"

namespace clutch::io {

/// A call that is not answered: which pool has it, and its name there.
struct CallUnderWay {
  std::size_t pool = 0;
  core::CallId call;
  std::optional<GateStream> stream;  ///< nothing: it is none
};

/// One message to a client. `counted`: it carries replies, its bytes use up window.
struct ClientMessage {
  protocol::Envelope envelope;
  std::vector<Bytes> frames;
  bool counted = false;
  std::size_t bytes = 0;
};

class GateClient {
 public:
  GateClient(core::SessionId session, std::string name, std::uint64_t pid, std::size_t window);

  [[nodiscard]] core::SessionId session() const noexcept { return session_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::uint64_t pid() const noexcept { return pid_; }

  // Requests. False: the client broke the protocol.
  [[nodiscard]] bool on_request_bytes(std::size_t bytes) noexcept;
  [[nodiscard]] bool on_call_number(std::uint64_t number) noexcept;
  /// A COMMAND too.
  [[nodiscard]] bool on_query() noexcept { return ++queries_ <= limits::client_queries_max; }
  /// So many of its request bytes are still queued: the rest may be said to be taken.
  void on_queued_bytes(std::size_t bytes) noexcept;
  /// Whether on_queued_bytes() is worth calling.
  [[nodiscard]] bool owes_window() const noexcept { return received_ - window_said_ >= window_step; }
  /// Whether the next message will say WINDOW.
  [[nodiscard]] bool window_due() const noexcept { return window_due_ - window_said_ >= window_step; }

  std::unordered_map<std::uint64_t, CallUnderWay> calls;  ///< by the client's number

  GateStreams streams;

  // Replies.
  void reply(std::uint64_t number, core::Outcome&& outcome);
  void items(std::uint64_t number, StreamItems&& items);
  void receipt(core::ReceiptId n, CancelReceipt&& receipt);
  /// False: it has asked for more than may be under way.
  [[nodiscard]] bool on_receipt_wanted() noexcept { return ++receipts_wanted_ <= limits::client_receipts_max; }
  void answer(std::uint64_t n, Blob value) { answers_.push_back({n, std::move(value)}); }
  void pong(std::uint64_t n) noexcept { pong_ = n; }
  /// WINDOW. False: it is less than before, or more than was sent.
  [[nodiscard]] bool on_window(std::uint64_t total, core::Time now) noexcept;
  /// The next message that may go now; false where there is none. It is sent, or given back.
  [[nodiscard]] bool next_message(std::uint64_t boot, ClientMessage& message, core::Time now);

  [[nodiscard]] std::size_t waiting_replies() const noexcept { return replies_.size(); }
  [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }
  [[nodiscard]] std::uint64_t discarded() const noexcept { return discarded_; }
  /// Since when replies have waited and the client took none; `never` where none waits.
  [[nodiscard]] core::Time stalled_since() const noexcept { return replies_.empty() ? core::never : progress_; }

  bool paused = false;  ///< its queued calls wait (the gate's to set)

 private:
  /// END of a stream: how many items it had.
  struct End {
    std::uint64_t items = 0;
  };
  struct Waiting {
    std::uint64_t number = 0;
    std::variant<Reply, Error, StreamItems, End> what;
  };
  struct Given {
    core::ReceiptId n;
    CancelReceipt receipt;
  };
  struct Answer {
    std::uint64_t n = 0;
    Blob value;
  };
  static constexpr std::size_t window_step = limits::window_step_bytes;

  [[nodiscard]] static std::size_t weight(const Waiting&) noexcept;
  void add(Waiting&&);
  [[nodiscard]] bool reply_fits(const ClientMessage&) const noexcept;
  void write_controls(ClientMessage&);
  static void write_reply(ClientMessage&, Waiting&&);
  [[nodiscard]] static const PayloadFrames* frames_of(const Waiting&) noexcept;
  static void write_frames(ClientMessage&, protocol::Writer&, const PayloadFrames&);

  core::SessionId session_;
  std::string name_;
  std::uint64_t pid_;
  std::uint64_t last_number_ = 0;
  std::size_t queries_ = 0;

  std::uint64_t received_ = 0;    // request bytes
  std::uint64_t window_due_ = 0;  // taken off the queue
  std::uint64_t window_said_ = 0;

  std::uint64_t window_;  // for replies
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::deque<Waiting> replies_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t discarded_ = 0;
  core::Time progress_ = core::never;

  std::vector<Answer> answers_;
  std::optional<std::uint64_t> pong_;
  std::deque<Given> receipts_;
  std::size_t receipts_wanted_ = 0;
};

}  // namespace clutch::io
