// The daemon's end of all its clients: who they are, what they sent, to which pool it goes, what goes back. What one
// client sends wrongly ends that client's session and nothing else. Loop thread only.
//
//   a peer is | message            -> becomes | what is done
//   ----------+-------------------------------+-------------------------------------------------
//   unknown   | HELLO              -> client  | WELCOME
//   unknown   | anything else      -> refused | REFUSED, logged once
//   client    | HELLO, or malformed, or beyond its window, or another boot id -> refused | its calls are cancelled,
//   REFUSED client    | BYE, its connection ends, it takes no byte for too long -> gone | its calls are cancelled
//   refused   | anything           -> refused | nothing
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/actions.hpp"
#include "io/event_loop.hpp"
#include "io/gate_client.hpp"
#include "io/gate_query.hpp"
#include "io/pool_log.hpp"
#include "io/router.hpp"

namespace clutch::io {

/// Told once, at once or later, what a COMMAND came to: a map, or the error; while the gate lives. A client that has
/// left is passed over.
using CommandDone = std::function<void(std::variant<Blob, Error>)>;
/// Does what a client's COMMAND says.
using OnCommand = std::function<void(std::string_view name, protocol::Span arguments, CommandDone done)>;

struct GateOptions {
  std::filesystem::path socket;
  std::string release;
  std::chrono::nanoseconds stalled_timeout = limits::client_stalled_max;
  OnCommand on_command;
};

class ClientGate {
 public:
  /// Listens. Throws std::system_error. `pools` outlive the gate.
  ClientGate(const GateOptions&, EventLoop&, ZmqContext&, PoolLog&, std::vector<GatePool> pools);
  ~ClientGate();
  ClientGate(const ClientGate&) = delete;
  ClientGate& operator=(const ClientGate&) = delete;

  /// Takes what clients sent, at most a turn's worth, and hands it to the pools' cores.
  void receive(core::Time now);
  // What comes of a pool's calls; goes out with the next flush.
  void on_items(core::ItemsDelivery&&);
  void on_outcome(core::Delivery&&);
  void on_receipt(core::ReceiptDelivery&&);
  /// Sends what may be sent.
  void flush(core::Time now);
  /// Whether receive() has something to take right now: sends swallow the edges that would tell.
  [[nodiscard]] bool has_mail() { return router_.readable(); }
  [[nodiscard]] core::Time next_time(core::Time now) const;

  /// Whether connections were accepted since this was last asked.
  [[nodiscard]] bool take_accepted() noexcept { return router_.take_accepted(); }
  /// No new clients from now on.
  void close() noexcept { closing_ = true; }
  [[nodiscard]] bool has_clients() const;
  /// Whether replies wait for any client.
  [[nodiscard]] bool has_replies() const;
  /// The last word to every client that was sent all its replies.
  void say_goodbye();

 private:
  struct Peer {
    std::string id;  // routing id
    Router::Origin origin;
    std::unique_ptr<GateClient> client;   // null: refused
    std::unique_ptr<ClientMessage> held;  // the socket took no more: sent first
    bool dirty = false;                   // it is in dirty_
  };
  using Peers = std::unordered_map<std::string, std::unique_ptr<Peer>>;

  void on_message(const ReceivedMessage&, core::Time now);
  void on_stranger(const ReceivedMessage&, core::Time now);
  [[nodiscard]] std::optional<Error> admit(Peer&);
  void welcome(Peer&);
  [[nodiscard]] bool on_record(Peer&, const protocol::Record&, const ReceivedMessage&, core::Time now,
                               std::string& why);
  void on_call(GateClient&, const protocol::Record&, const ReceivedMessage&, core::Time now);
  [[nodiscard]] bool on_cancel(GateClient&, std::uint64_t receipt, const CallUnderWay*, core::Time now);
  void on_query(GateClient&, const protocol::Record&, core::Time now);
  void on_command(const Peer&, const protocol::Record&);
  void refuse(Peer&, const Error& error, core::Time now);
  void log_refusal(const Peer&, const Error& error, core::Time now);
  void end_client(Peer&, core::Time now);
  void forget(const std::string& id, core::Time now);
  void note_gone_connections();
  void send_to(Peer&, core::Time now);
  [[nodiscard]] bool send_message(Peer&, ClientMessage&);
  void update_windows();
  void set_pause(GateClient&, core::Time now);
  void feed_streams(core::Time now);
  void pass_credit(GateClient&, CallUnderWay&, core::Time now);
  void end_stalled(core::Time now);
  void flush_pools(core::Time now);
  void mark_dirty(Peer&);
  [[nodiscard]] Peer* peer_of(core::SessionId) const noexcept;
  [[nodiscard]] core::SessionId take_session();
  void note(LogLevel level, const std::string& text) { log_.write(level, "clients", text); }

  GateOptions options_;
  DaemonFacts facts_;
  EventLoop& loop_;
  PoolLog& log_;
  std::vector<GatePool> pools_;
  Router router_;
  Peers peers_;
  std::unordered_map<int, std::string> by_fd_;
  std::vector<std::string> leaving_;    // their connections ended; what they sent is taken first
  std::vector<Peer*> sessions_;         // by SessionId; null where there is no client
  std::vector<core::SessionId> left_;   // ids of clients that are gone
  std::vector<core::SessionId> dirty_;  // something is to be sent
  std::vector<std::pair<core::SessionId, std::uint64_t>> hungry_;  // streams whose credit may be raised: items came
  std::vector<core::SessionId> owing_;  // WINDOW is due when the pools have taken their requests
  core::Time check_at_ = core::never;   // when stalled clients are looked for: while replies wait
  std::size_t refused_logged_ = 0;      // since refused_since_
  core::Time refused_since_{};
  bool closing_ = false;
  bool busy_ = false;
  protocol::Message message_;
  ReceivedMessage received_;
  ClientMessage out_;
};

}  // namespace clutch::io
