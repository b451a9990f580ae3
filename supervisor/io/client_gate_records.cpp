// What the records of a client's messages do.
#include <unistd.h>

#include <algorithm>

#include "clutch/protocol/cursor.hpp"
#include "io/client_gate.hpp"
#include "io/gate_calls.hpp"
#include "io/pool_shell.hpp"

namespace clutch::io {
namespace {

using protocol::Record;
using protocol::RecordType;

struct Hello {
  std::string name;
  std::uint64_t window = 0;
};

Error refusal(Code code, std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

std::optional<Hello> read_hello(protocol::Span encoded) {
  protocol::Cursor cursor(encoded);
  std::size_t pairs = 0;
  Hello hello;
  unsigned seen = 0;
  if (!cursor.map(pairs) || pairs != 3) return std::nullopt;
  for (std::size_t i = 0; i < pairs; ++i) {
    std::string_view key;
    std::string_view text;
    std::uint64_t pid = 0;
    if (!cursor.string(key)) return std::nullopt;
    if (key == "name" && cursor.string(text)) {
      hello.name = text.substr(0, limits::function_name_bytes_max);
      seen |= 1u;
    } else if (key == "pid" && cursor.uint(pid)) {
      seen |= 2u;  // the kernel's word counts
    } else if (key == "window" && cursor.uint(hello.window)) {
      seen |= 4u;
    } else {
      return std::nullopt;
    }
  }
  return seen == 7u ? std::optional(std::move(hello)) : std::nullopt;
}

}  // namespace

// The first message of a peer, read into message_: a HELLO alone.
std::optional<Error> ClientGate::admit(Peer& peer) {
  if (message_.records.size() != 1 || message_.records[0].type != RecordType::hello) {
    return refusal(Code::unavailable,
                   message_.epoch == 0 ? "a client's first message must be HELLO, alone"
                                       : "this daemon does not know the session: it started after the session began; "
                                         "nothing of the message was executed");
  }
  const Record& record = message_.records[0];
  const auto hello = read_hello(record.field[0]);
  if (message_.epoch != 0 || !hello) return refusal(Code::invalid_argument, "a HELLO that cannot be read");
  if (closing_) return refusal(Code::unavailable, "the daemon is stopping and takes no more clients");
  if (record.number[0] > limits::protocol_version || record.number[1] < limits::protocol_version) {
    return refusal(Code::unavailable, "this daemon (clutch " + options_.release + ") speaks version " +
                                          std::to_string(limits::protocol_version) + " of the protocol, the client " +
                                          std::to_string(record.number[0]) + " to " + std::to_string(record.number[1]) +
                                          ": install the same release of both");
  }
  const auto pid = static_cast<std::uint64_t>(peer.origin.pid);
  peer.client = std::make_unique<GateClient>(take_session(), hello->name, pid, hello->window);
  peer.client->nested_in = pool_of_process(pools_, pid);
  sessions_[peer.client->session().value] = &peer;
  return std::nullopt;
}

void ClientGate::welcome(Peer& peer) {
  protocol::Envelope envelope;
  envelope.begin(0);
  auto& writer = envelope.record(RecordType::welcome, 3);
  writer.uint(limits::protocol_version);
  writer.uint(facts_.boot);
  writer.map(4);
  writer.string("pid");
  writer.uint(static_cast<std::uint64_t>(::getpid()));
  writer.string("window");
  writer.uint(limits::client_window_bytes);
  writer.string("payload_bytes_max");
  writer.uint(limits::payload_bytes_max);
  writer.string("release");
  writer.string(options_.release);
  if (router_.send(peer.id, envelope.finish()) != Router::Sent::yes) leaving_.push_back(peer.id);
  note(LogLevel::info, "client " + peer.client->name() + " (pid " + std::to_string(peer.origin.pid) + ") is connected");
}

bool ClientGate::on_record(Peer& peer, const Record& record, const ReceivedMessage& received, core::Time now,
                           std::string& why) {
  GateClient& client = *peer.client;
  const auto under_way = [&client, &record](std::size_t field) -> CallUnderWay* {
    const auto at = client.calls.find(record.number[field]);
    return at == client.calls.end() ? nullptr : &at->second;  // over already: nothing
  };
  switch (record.type) {
    case RecordType::call:
      if (!client.on_call_number(record.number[0])) why = "a call's number that does not rise";
      if (why.empty()) on_call(client, record, received, now);
      break;
    case RecordType::cancel:
      if (!on_cancel(client, record.number[0], under_way(1), now)) why = "more cancels than may wait for their receipt";
      break;
    case RecordType::credit:
      if (auto* call = under_way(1); call != nullptr && call->stream) {
        auto& given = call->stream->given;
        given = {std::max(given.items, record.number[2]), std::max(given.bytes, record.number[3])};
        pass_credit(client, *call, now);
      }
      break;
    case RecordType::detach:
      if (const auto* call = under_way(0)) pools_[call->pool].shell->core().detach(call->call);
      break;
    case RecordType::window:
      if (!client.on_window(record.number[0], now)) why = "a WINDOW that is not of what was sent to it";
      break;
    case RecordType::query:
    case RecordType::command:
      if (!client.on_query()) {
        why = "more queries than may wait for their answer";
      } else if (record.type == RecordType::query) {
        on_query(client, record, now);
      } else {
        on_command(peer, record);
      }
      break;
    case RecordType::ping:
      client.pong(record.number[0]);
      break;
    case RecordType::pong:
      break;
    default:
      why = "HELLO a second time";
  }
  if (!why.empty()) return false;
  mark_dirty(peer);
  return true;
}

bool ClientGate::on_cancel(GateClient& client, std::uint64_t receipt, const CallUnderWay* call, core::Time now) {
  if (receipt != 0 && !client.on_receipt_wanted()) return false;
  const core::ReceiptId id{receipt};
  if (call == nullptr) {
    if (receipt != 0) client.receipt(id, CancelReceipt{});
    return true;
  }
  std::optional<core::ReceiptRequest> request;
  if (receipt != 0) request = core::ReceiptRequest{client.session(), id};
  pools_[call->pool].shell->cancel(call->call, now, request);
  return true;
}

void ClientGate::on_call(GateClient& client, const Record& record, const ReceivedMessage& received, core::Time now) {
  const auto number = record.number[0];
  const auto extras = protocol::extras_of(record);
  if (client.calls.size() + client.waiting_replies() >= limits::client_calls_max) {
    auto error = refusal(Code::overloaded, "this client has " + std::to_string(limits::client_calls_max) +
                                               " calls under way already: wait for some of them");
    error.stage = Stage::queue;
    error.retry_after_ms = 0;
    for (const auto& pool : pools_) {
      const auto& core = pool.shell->core();
      error.retry_after_ms = std::max(*error.retry_after_ms, core.retry_after_ms(core.queued(), now));
    }
    return client.reply(number, std::move(error));
  }
  if (auto error = check_arguments(message_, record, extras)) return client.reply(number, std::move(*error));
  auto chosen = pool_for(pools_, record.text(0), extras.pool);
  if (auto* error = std::get_if<Error>(&chosen)) return client.reply(number, std::move(*error));
  const auto pool = std::get<std::size_t>(chosen);
  auto submission = submission_of(client.session(), message_, record, extras, received);
  submission.nested = client.nested_in == pool;
  std::optional<GateStream> stream;
  if (extras.stream) {
    stream = client.streams.begin(*extras.stream);
    submission.stream = stream->granted;
  }
  const auto call = pools_[pool].shell->core().submit(record.text(0), std::move(submission), now);
  if (call) client.calls.emplace(number, CallUnderWay{pool, *call, stream});
  if (!call && stream) client.streams.end();
}

void ClientGate::on_command(const Peer& peer, const Record& record) {
  note(LogLevel::info, "client " + peer.client->name() + " (pid " + std::to_string(peer.origin.pid) +
                           ") commands: " + std::string(record.text(0)));
  options_.on_command(record.text(0), record.field[1],
                      [this, id = peer.id, n = record.number[0]](std::variant<Blob, Error> what) {
                        const auto at = peers_.find(id);
                        if (at == peers_.end() || !at->second->client) return;
                        protocol::Writer writer;
                        if (const auto* error = std::get_if<Error>(&what)) {
                          writer.map(1);
                          writer.string("error");
                          protocol::write(writer, *error);
                        } else {
                          writer.raw(std::get<Blob>(what).bytes());
                        }
                        at->second->client->answer(n, writer.blob());
                        mark_dirty(*at->second);
                      });
}

void ClientGate::on_query(GateClient& client, const Record& record, core::Time now) {
  protocol::Writer writer;
  const auto what = record.text(0);
  if (what == "functions") {
    write_functions(writer, pools_);
  } else if (what == "ps") {
    std::vector<const GateClient*> clients;
    for (const auto& [id, peer] : peers_) {
      if (peer->client) clients.push_back(peer->client.get());
    }
    write_ps(writer, facts_, pools_, clients, now);
  } else if (what == "quarantine") {
    write_quarantine(writer, pools_, now);
  } else if (what == "ping") {
    write_ping(writer, facts_);
  } else {
    writer.map(1);
    writer.string("error");
    writer.string("this daemon does not know that query; it knows functions, ps, quarantine and ping");
  }
  client.answer(record.number[0], writer.blob());
}

}  // namespace clutch::io
