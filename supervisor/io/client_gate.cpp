// Peers' lives, by the table in the header, and what goes out. Records of a client's are in client_gate_records.cpp.
#include "io/client_gate.hpp"

#include <sys/random.h>

#include <algorithm>
#include <system_error>

#include "clutch/protocol/cursor.hpp"
#include "io/pool_shell.hpp"

namespace clutch::io {
namespace {

using protocol::RecordType;

constexpr int messages_a_turn = 256;
constexpr auto busy_interval = std::chrono::milliseconds(10);  // ROUTER does not tell when one peer takes more
constexpr auto check_interval = std::chrono::seconds(1);
constexpr auto refused_interval = std::chrono::seconds(10);
constexpr std::size_t refused_logged_max = 10;  // an interval
constexpr std::size_t ids_looked_at = 16;       // for one that may be used again

std::uint64_t draw_boot_id() {
  std::uint64_t id = 0;
  while (id == 0) {
    if (::getrandom(&id, sizeof id, 0) != sizeof id)
      throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  return id;
}

}  // namespace

ClientGate::ClientGate(const GateOptions& options, EventLoop& loop, ZmqContext& context, PoolLog& log,
                       std::vector<GatePool> pools)
    : options_(options),
      facts_{"ipc://" + options.socket.string(), options.release, draw_boot_id(), EventLoop::Clock::now()},
      loop_(loop),
      log_(log),
      pools_(std::move(pools)),
      router_(context, options.socket) {
  loop_.add(router_.fd(), [] {});  // the turn that follows receives
  loop_.add(router_.monitor_fd(), [] {});
}

ClientGate::~ClientGate() {
  loop_.remove(router_.fd());
  loop_.remove(router_.monitor_fd());
}

ClientGate::Peer* ClientGate::peer_of(core::SessionId id) const noexcept {
  return id.value < sessions_.size() ? sessions_[id.value] : nullptr;
}

void ClientGate::mark_dirty(Peer& peer) {
  if (std::exchange(peer.dirty, true)) return;
  dirty_.push_back(peer.client->session());
}

void ClientGate::receive(core::Time now) {
  note_gone_connections();
  bool drained = false;
  for (int i = 0; i < messages_a_turn && !drained; ++i) {
    drained = !router_.receive(received_);
    if (!drained) on_message(received_, now);
  }
  if (!drained) return;
  for (const auto& id : std::exchange(leaving_, {})) forget(id, now);
  if (check_at_ <= now) end_stalled(now);
}

// A descriptor's number is soon used again: what is noted here is whose it was until now, so this is asked before a
// newcomer is entered under it.
void ClientGate::note_gone_connections() {
  while (const auto fd = router_.next_gone()) {
    const auto at = by_fd_.find(*fd);
    if (at == by_fd_.end()) continue;
    leaving_.push_back(std::move(at->second));
    by_fd_.erase(at);
  }
}

void ClientGate::on_message(const ReceivedMessage& received, core::Time now) {
  const auto at = peers_.find(std::string(router_.peer()));
  if (at == peers_.end()) return on_stranger(received, now);
  Peer& peer = *at->second;
  if (!peer.client) return;  // refused, and told so
  std::string why;
  const auto refusal =
      message_.read(received.envelope.span(), received.frames.size(), protocol::Direction::client_in, facts_.boot);
  if (refusal != protocol::Refusal::none) why = "a malformed message (" + std::string(to_string(refusal)) + ")";
  const bool has_call = std::any_of(message_.records.begin(), message_.records.end(),
                                    [](const auto& record) { return record.type == RecordType::call; });
  if (why.empty() && has_call && !peer.client->on_request_bytes(received.bytes())) why = "requests beyond its window";
  if (has_call && peer.client->owes_window()) owing_.push_back(peer.client->session());
  for (const auto& record : message_.records) {
    if (!why.empty()) break;
    if (record.type == RecordType::bye) return forget(std::string(peer.id), now);
    if (!on_record(peer, record, received, now, why) && why.empty()) why = "a record that breaks the protocol";
  }
  if (why.empty()) return;
  Error error;
  error.code = Code::invalid_argument;
  error.message = "the daemon ends this session: the client sent " + why;
  refuse(peer, error, now);
}

void ClientGate::on_stranger(const ReceivedMessage& received, core::Time now) {
  note_gone_connections();
  auto owned = std::make_unique<Peer>();
  Peer& peer = *owned;
  peer.id = std::string(router_.peer());
  peer.origin = router_.origin();
  if (const auto at = by_fd_.find(peer.origin.fd); at != by_fd_.end()) leaving_.push_back(at->second);
  by_fd_[peer.origin.fd] = peer.id;
  peers_[peer.id] = std::move(owned);
  const auto refusal =
      message_.read(received.envelope.span(), received.frames.size(), protocol::Direction::client_in, std::nullopt);
  if (refusal != protocol::Refusal::none) {
    Error error;
    error.code = Code::invalid_argument;
    error.message =
        "this is a clutch daemon; what came is not a message of its protocol (" + std::string(to_string(refusal)) + ")";
    return refuse(peer, error, now);
  }
  if (const auto error = admit(peer)) return refuse(peer, *error, now);
  welcome(peer);
}

void ClientGate::refuse(Peer& peer, const Error& error, core::Time now) {
  log_refusal(peer, error, now);
  end_client(peer, now);
  protocol::Envelope envelope;
  envelope.begin(0);
  protocol::write(envelope.record(RecordType::refused, 1), error);
  static_cast<void>(router_.send(peer.id, envelope.finish()));
}

void ClientGate::log_refusal(const Peer& peer, const Error& error, core::Time now) {
  if (now - refused_since_ >= refused_interval) {
    if (refused_logged_ > refused_logged_max) {
      note(LogLevel::warning, std::to_string(refused_logged_ - refused_logged_max) + " more peers were refused");
    }
    refused_since_ = now;
    refused_logged_ = 0;
  }
  if (++refused_logged_ > refused_logged_max) return;
  const auto who = peer.client ? "client " + peer.client->name() : std::string("a peer");
  note(LogLevel::warning, "refused " + who + " (pid " + std::to_string(peer.origin.pid) + "): " + error.message);
}

void ClientGate::end_client(Peer& peer, core::Time now) {
  if (!peer.client) return;
  const auto session = peer.client->session();
  sessions_[session.value] = nullptr;
  peer.client.reset();
  peer.held.reset();
  for (const auto& pool : pools_) pool.shell->core().on_session_closed(session, now);
  flush_pools(now);  // its outcomes are dropped before its id may name another
  left_.push_back(session);
}

void ClientGate::forget(const std::string& id, core::Time now) {
  const auto at = peers_.find(id);
  if (at == peers_.end()) return;
  Peer& peer = *at->second;
  if (peer.client) {
    note(LogLevel::info, "client " + peer.client->name() + " (pid " + std::to_string(peer.origin.pid) + ") is gone");
  }
  end_client(peer, now);
  const auto fd = by_fd_.find(peer.origin.fd);
  if (fd != by_fd_.end() && fd->second == id) by_fd_.erase(fd);
  peers_.erase(at);
}

// Answered by no pool any more: an id is another's only when nothing of its former holder's is under way, detached
// calls among it.
core::SessionId ClientGate::take_session() {
  const auto free = [this](core::SessionId id) {
    return std::none_of(pools_.begin(), pools_.end(),
                        [id](const auto& pool) { return pool.shell->core().session_has_calls(id); });
  };
  const auto looked = static_cast<std::ptrdiff_t>(std::min(left_.size(), ids_looked_at));
  const auto at = std::find_if(left_.begin(), left_.begin() + looked, free);
  if (at != left_.begin() + looked) {
    const auto id = *at;
    left_.erase(at);
    return id;
  }
  std::rotate(left_.begin(), left_.begin() + looked, left_.end());
  sessions_.push_back(nullptr);
  return core::SessionId{static_cast<std::uint32_t>(sessions_.size() - 1)};
}

void ClientGate::on_outcome(core::Delivery&& delivery) {
  Peer* peer = peer_of(delivery.session);
  if (peer == nullptr) return;  // its client is gone: it was detached
  peer->client->reply(delivery.tag, std::move(delivery.outcome));
  mark_dirty(*peer);
}

void ClientGate::on_items(core::ItemsDelivery&& delivery) {
  Peer* peer = peer_of(delivery.session);
  if (peer == nullptr) return;
  auto& client = *peer->client;
  const auto at = client.calls.find(delivery.tag);
  if (at == client.calls.end() || !at->second.stream) return;
  auto& stream = *at->second.stream;
  stream.on_items(delivery.items);
  if (stream.granted != stream.given) hungry_.emplace_back(delivery.session, delivery.tag);
  client.items(delivery.tag, std::move(delivery.items));
  mark_dirty(*peer);
}

void ClientGate::on_receipt(core::ReceiptDelivery&& given) {
  Peer* peer = peer_of(given.session);
  if (peer == nullptr) return;
  peer->client->receipt(given.receipt, std::move(given.what));
  mark_dirty(*peer);
}

void ClientGate::pass_credit(GateClient& client, CallUnderWay& call, core::Time now) {
  const auto credit = client.streams.raise(*call.stream, client.paused);
  if (credit) pools_[call.pool].shell->core().credit(call.call, *credit, now);
}

void ClientGate::feed_streams(core::Time now) {
  if (hungry_.empty()) return;
  for (const auto& [session, number] : std::exchange(hungry_, {})) {
    Peer* peer = peer_of(session);
    if (peer == nullptr) continue;
    const auto at = peer->client->calls.find(number);
    if (at != peer->client->calls.end() && at->second.stream) pass_credit(*peer->client, at->second, now);
  }
  flush_pools(now);
}

void ClientGate::flush(core::Time now) {
  busy_ = false;
  feed_streams(now);
  update_windows();
  for (const auto id : std::exchange(dirty_, {})) {
    Peer* peer = peer_of(id);
    if (peer == nullptr || !peer->dirty) continue;
    peer->dirty = false;
    send_to(*peer, now);
    set_pause(*peer->client, now);
    if (peer->client->waiting_replies() != 0) {
      check_at_ = std::min(check_at_, now + std::min<core::Duration>(check_interval, options_.stalled_timeout / 4));
    }
  }
}

void ClientGate::send_to(Peer& peer, core::Time now) {
  if (peer.held) {
    const auto held = std::move(peer.held);
    if (!send_message(peer, *held)) return;
  }
  while (peer.client->next_message(facts_.boot, out_, now)) {
    if (!send_message(peer, out_)) return;
  }
}

bool ClientGate::send_message(Peer& peer, ClientMessage& message) {
  switch (router_.send(peer.id, message.envelope.finish(), message.frames)) {
    case Router::Sent::yes:
      return true;
    case Router::Sent::gone:
      leaving_.push_back(peer.id);
      return false;
    case Router::Sent::busy:
      break;
  }
  peer.held = std::make_unique<ClientMessage>(std::move(message));
  mark_dirty(peer);
  busy_ = true;
  return false;
}

void ClientGate::update_windows() {
  for (const auto id : std::exchange(owing_, {})) {
    Peer* peer = peer_of(id);
    if (peer == nullptr) continue;
    auto& client = *peer->client;
    std::size_t queued = 0;
    for (const auto& pool : pools_) queued += pool.shell->core().session_queued_bytes(id);
    client.on_queued_bytes(queued);
    if (client.window_due()) mark_dirty(*peer);
    if (client.owes_window() && std::find(owing_.begin(), owing_.end(), id) == owing_.end()) owing_.push_back(id);
  }
}

void ClientGate::set_pause(GateClient& client, core::Time now) {
  const bool pause =
      client.waiting_bytes() > (client.paused ? limits::client_pause_bytes / 4 : limits::client_pause_bytes);
  if (pause == client.paused) return;
  client.paused = pause;
  for (const auto& pool : pools_) pool.shell->core().pause_session(client.session(), pause, now);
  if (pause) return;
  if (client.streams.streams() != 0) {
    for (auto& [number, call] : client.calls) {
      if (call.stream) pass_credit(client, call, now);
    }
  }
  flush_pools(now);
}

void ClientGate::end_stalled(core::Time now) {
  check_at_ = core::never;
  std::vector<Peer*> stalled;
  for (const auto& [id, peer] : peers_) {
    if (!peer->client || peer->client->waiting_replies() == 0) continue;
    check_at_ = now + std::min<core::Duration>(check_interval, options_.stalled_timeout / 4);
    if (now - peer->client->stalled_since() >= options_.stalled_timeout) stalled.push_back(peer.get());
  }
  for (Peer* peer : stalled) {
    note(LogLevel::warning, "client " + peer->client->name() + " (pid " + std::to_string(peer->origin.pid) +
                                ") is disconnected: it has not taken a byte of its results for too long");
    end_client(*peer, now);
    Router::disconnect(peer->origin);
  }
}

void ClientGate::flush_pools(core::Time now) {
  for (const auto& pool : pools_) pool.shell->flush(now);
}

core::Time ClientGate::next_time(core::Time now) const {
  if (!leaving_.empty() || (!dirty_.empty() && !busy_)) return now;
  const auto next = busy_ ? std::min<core::Time>(check_at_, now + busy_interval) : check_at_;
  return next;
}

bool ClientGate::has_clients() const {
  return std::any_of(peers_.begin(), peers_.end(), [](const auto& entry) { return entry.second->client != nullptr; });
}

bool ClientGate::has_replies() const {
  return std::any_of(peers_.begin(), peers_.end(), [](const auto& entry) {
    const auto& peer = *entry.second;
    return peer.held != nullptr || (peer.client && peer.client->waiting_replies() != 0);
  });
}

void ClientGate::say_goodbye() {
  protocol::Envelope envelope;
  for (const auto& [id, peer] : peers_) {
    // It would say that all was answered.
    if (!peer->client || peer->held || peer->client->waiting_replies() != 0) continue;
    envelope.begin(facts_.boot);
    static_cast<void>(envelope.record(RecordType::bye, 0));
    static_cast<void>(router_.send(id, envelope.finish()));
  }
}

}  // namespace clutch::io
