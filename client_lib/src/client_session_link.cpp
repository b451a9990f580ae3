// What goes over the link, both ways: PROTOCOL.md, "The client's link".
#include <algorithm>

#include "client_session.hpp"
#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/scan.hpp"
#include "io/wire_time.hpp"

namespace clutch::detail {
namespace {

using protocol::Record;
using protocol::RecordType;

bool carries_reply(const protocol::Message& message) {
  return std::any_of(message.records.begin(), message.records.end(), [](const Record& record) {
    return record.type == RecordType::result || record.type == RecordType::error || record.type == RecordType::item ||
           record.type == RecordType::end;
  });
}

// `{"error": error}`: what a COMMAND came to.
std::optional<Error> error_in(protocol::Span answer) {
  protocol::Cursor cursor(answer);
  std::size_t pairs = 0;
  std::string_view key;
  protocol::Span error;
  if (!cursor.map(pairs) || pairs != 1 || !cursor.string(key) || key != "error" || !cursor.skip(error)) return {};
  return protocol::read_error(error);
}

}  // namespace

void ClientSession::on_message(const io::ReceivedMessage& received, Time now) {
  if (state_ != State::greeting && state_ != State::open) return;
  silent_ = 0;
  // WELCOME and REFUSED are of epoch 0; everything else of this daemon's boot.
  const auto refusal =
      message_.read(received.envelope.span(), received.frames.size(), protocol::Direction::client_out, std::nullopt);
  if (refusal != protocol::Refusal::none) return on_violation(std::string(to_string(refusal)));
  if (message_.epoch != 0 && (state_ != State::open || message_.epoch != boot_)) return on_violation("another boot id");
  if (carries_reply(message_)) {
    received_ += received.bytes();
  }
  for (const auto& record : message_.records) {
    const bool greeting = record.type == RecordType::welcome || record.type == RecordType::refused;
    if (greeting != (message_.epoch == 0)) return on_violation("a record of the wrong epoch");
    on_record(record, received, now);
    if (state_ != State::greeting && state_ != State::open) return;
  }
}

void ClientSession::on_record(const Record& record, const io::ReceivedMessage& received, Time) {
  switch (record.type) {
    case RecordType::welcome:
      return on_welcome(record);
    case RecordType::refused:
      return on_refused(record);
    case RecordType::result:
      return on_result(record, received);
    case RecordType::error:
      return on_error(record);
    case RecordType::item:
      return on_item(record, received);
    case RecordType::end:
      return on_end(record);
    case RecordType::receipt:
      return on_receipt(record);
    case RecordType::window:
      if (record.number[0] < acknowledged_ || record.number[0] > sent_)
        return on_violation("a WINDOW of what was not sent");
      acknowledged_ = record.number[0];
      return;
    case RecordType::answer:
      return on_answer(record);
    case RecordType::ping:
      pong_ = record.number[0];
      return;
    case RecordType::bye:
      return on_bye();
    default:
      return;  // PONG: that it came is enough
  }
}

void ClientSession::on_answer(const Record& record) {
  const auto at =
      std::find_if(asked_.begin(), asked_.end(), [&](const Asked& asked) { return asked.n == record.number[0]; });
  if (at == asked_.end()) return on_violation("an ANSWER to no question");
  auto error = at->command ? error_in(record.field[0]) : std::nullopt;
  asked_.erase(at);
  Reply reply;
  reply.body = Blob(record.field[0]);
  answered_.push_back({record.number[0], error ? Outcome(std::move(*error)) : Outcome(std::move(reply))});
}

void ClientSession::on_welcome(const Record& record) {
  if (state_ != State::greeting || !greeted_) return on_violation("WELCOME out of turn");
  if (record.number[0] != limits::protocol_version || record.number[1] == 0) {
    return on_violation("WELCOME of another version");
  }
  boot_ = record.number[1];
  protocol::Cursor cursor(record.field[0]);
  std::size_t pairs = 0;
  bool ok = cursor.map(pairs);
  for (std::size_t i = 0; ok && i < pairs; ++i) {
    std::string_view key;
    protocol::Span value;
    std::uint64_t number = 0;
    ok = cursor.string(key) && cursor.skip(value);
    protocol::Cursor body(value);
    if (key == "window" && (ok = body.uint(number))) window_ = std::max<std::uint64_t>(number, 1);
    if (key == "payload_bytes_max" && (ok = body.uint(number))) payload_bytes_max_ = static_cast<std::size_t>(number);
  }
  if (!ok) return on_violation("a WELCOME that cannot be read");
  state_ = State::open;
}

// Before WELCOME nothing of ours was executed; afterwards it ends a session in which calls may have begun.
void ClientSession::on_refused(const Record& record) {
  auto error = protocol::read_error(record.field[0]);
  if (!error) return on_violation("a REFUSED that cannot be read");
  error->stage = Stage::transport;
  error->certainty = Certainty::not_started;
  refusal_ = *error;
  const bool greeting = state_ == State::greeting;
  on_link_lost("it refused: " + error->message);
  if (greeting) give_up(std::move(*error));
}

// It answered all that it had taken and takes nothing more: what is unanswered now crossed this word on its way.
void ClientSession::on_bye() {
  for (auto at = calls_.begin(); at != calls_.end();) {
    const auto next = std::next(at);
    if (at->second.sent && at->second.items == 0) {
      Error error;
      error.code = Code::unavailable;
      error.stage = Stage::transport;
      error.message = "the daemon ended and had not taken the call: it was not executed, and may be sent again";
      end(at, std::move(error));
    }
    at = next;
  }
  on_link_lost("the daemon has ended");
}

void ClientSession::on_violation(const std::string& what) { on_link_lost("it broke the protocol: " + what); }

void ClientSession::on_result(const Record& record, const io::ReceivedMessage& received) {
  const auto at = calls_.find(record.number[0]);
  if (at == calls_.end()) {
    if (record.number[0] > last_number_) on_violation("a RESULT of a call that was not made");
    return;  // given up before its answer came
  }
  if (!at->second.sent) return on_violation("a RESULT of a call that was not sent");
  if (at->second.call.stream) return on_violation("a RESULT of a stream");
  end(at, Reply{Blob(record.field[0]), message_.frames_of(record, received.frames)});
}

void ClientSession::on_error(const Record& record) {
  auto error = protocol::read_error(record.field[0]);
  if (!error) return on_violation("an ERROR that cannot be read");
  const auto at = calls_.find(record.number[0]);
  if (at == calls_.end() || !at->second.sent) {
    if (at != calls_.end() || record.number[0] > last_number_) on_violation("an ERROR of a call that was not sent");
    return;
  }
  end(at, std::move(*error));
}

void ClientSession::write_hello() {
  greeted_ = true;
  envelope_.begin(0);
  auto& writer = envelope_.record(RecordType::hello, 3);
  writer.uint(limits::protocol_version);
  writer.uint(limits::protocol_version);
  writer.map(3);
  writer.string("name");
  writer.string(options_.name);
  writer.string("pid");
  writer.uint(options_.pid);
  writer.string("window");
  writer.uint(options_.window);
}

void ClientSession::write_controls() {
  const auto step = std::max<std::uint64_t>(1, std::min<std::uint64_t>(limits::window_step_bytes, options_.window / 4));
  if (received_ - window_said_ >= step) {
    envelope_.record(RecordType::window, 1).uint(received_);
    window_said_ = received_;
  }
  if (std::exchange(ping_, false)) envelope_.record(RecordType::ping, 1).uint(++pings_);
  if (pong_) envelope_.record(RecordType::pong, 1).uint(*std::exchange(pong_, std::nullopt));
  while (!cancels_.empty() && !envelope_.full()) {
    auto& writer = envelope_.record(RecordType::cancel, 3);
    writer.uint(cancels_.back().receipt);
    writer.uint(cancels_.back().number);
    writer.uint(0);
    cancels_.pop_back();
  }
  write_credits();
  while (!detaches_.empty() && !envelope_.full()) {
    envelope_.record(RecordType::detach, 1).uint(detaches_.back());
    detaches_.pop_back();
  }
  while (!queries_.empty() && asked_.size() < limits::client_queries_max && !envelope_.full()) {
    const auto& query = queries_.front();
    auto& writer = envelope_.record(query.arguments ? RecordType::command : RecordType::query, 3);
    writer.uint(query.n);
    writer.string(query.what);
    if (query.arguments) {
      writer.raw(query.arguments->bytes());
    } else {
      writer.map(0);
    }
    asked_.push_back({query.n, query.arguments.has_value()});
    queries_.pop_front();
  }
}

bool ClientSession::call_fits(const Entry& entry, const std::vector<Bytes>& frames) const noexcept {
  if (envelope_.records() == 0) return true;
  if (envelope_.full()) return false;
  const auto& added = entry.call.request.frames;
  if (added.empty() || frames.empty()) return true;
  std::size_t bytes = 0;
  for (const auto& frame : frames) bytes += frame.size();
  for (const auto& frame : added) bytes += frame.bytes.size();
  return bytes <= limits::message_frames_bytes_soft && frames.size() + added.size() <= limits::frames_per_message_max;
}

void ClientSession::write_call(std::uint64_t number, Entry& entry, std::vector<Bytes>& frames) {
  SessionCall& call = entry.call;
  const auto& added = call.request.frames;
  const std::size_t extras = (call.request.kwargs.empty() ? 0u : 1u) + (added.empty() ? 0u : 1u) +
                             (call.metadata.empty() ? 0u : 1u) + (call.attempt == 1 ? 0u : 1u) +
                             (call.deadline == Time::max() ? 0u : 1u) + (call.queue_deadline == Time::max() ? 0u : 1u) +
                             (call.attempt_timeout ? 1u : 0u) + (call.pool.empty() ? 0u : 1u) +
                             (call.priority == Priority::normal ? 0u : 1u) + (call.detached ? 1u : 0u) +
                             (call.stream ? 1u : 0u) + (call.idempotency_key.empty() ? 0u : 1u);
  auto& writer = envelope_.record(RecordType::call, extras == 0 ? 3 : 4);
  writer.uint(number);
  writer.string(call.function);
  writer.binary(call.request.args.bytes());
  if (extras == 0) return;
  const auto uint = [&writer](std::string_view key, std::uint64_t value) {
    writer.string(key);
    writer.uint(value);
  };
  writer.map(extras);
  if (!call.request.kwargs.empty()) {
    writer.string("kwargs");
    writer.binary(call.request.kwargs.bytes());
  }
  if (!added.empty()) {
    writer.string("frames");
    protocol::write_frame_names(writer, added, frames.size() + 1);
    for (const auto& frame : added) frames.push_back(frame.bytes);
  }
  if (!call.metadata.empty()) {
    writer.string("metadata");
    writer.raw(call.metadata.bytes());
  }
  if (call.attempt != 1) uint("attempt", call.attempt);
  if (call.deadline != Time::max()) uint("timeout", io::wire_time(call.deadline));
  if (call.queue_deadline != Time::max()) uint("queue_timeout", io::wire_time(call.queue_deadline));
  if (call.attempt_timeout)
    uint("attempt_timeout", static_cast<std::uint64_t>(std::max<std::int64_t>(call.attempt_timeout->count(), 0)));
  if (!call.pool.empty()) {
    writer.string("pool");
    writer.string(call.pool);
  }
  if (!call.idempotency_key.empty()) {
    writer.string("idempotency_key");
    writer.string(call.idempotency_key);
  }
  if (call.priority != Priority::normal) uint("priority", static_cast<std::uint64_t>(call.priority));
  if (call.detached) {
    writer.string("detached");
    writer.boolean(true);
  }
  if (call.stream) {
    writer.string("stream");
    writer.array(2);
    writer.uint(call.stream->items);
    writer.uint(call.stream->bytes);
  }
}

bool ClientSession::next_message(protocol::Span& envelope, std::vector<Bytes>& frames, Time now) {
  frames.clear();
  if (state_ == State::greeting) {
    if (greeted_) return false;
    write_hello();
    envelope = envelope_.finish();
    return true;
  }
  if (state_ != State::open) return false;
  envelope_.begin(boot_);
  write_controls();
  bool counted = false;
  while (!unsent_.empty() && sent_ - acknowledged_ < window_) {
    const auto at = calls_.find(unsent_.front());
    if (at != calls_.end()) {
      if (!call_fits(at->second, frames)) break;
      write_call(at->first, at->second, frames);
      count_queued(at->second, false);
      pace_.on_done(now);
      at->second.sent = counted = true;
      at->second.call.request = Request{};
      at->second.call.metadata = Blob{};
      if (at->second.call.deadline != Time::max()) set_timer(at->first, at->second);
    }
    unsent_.pop_front();
  }
  if (bye_ && unsent_.empty() && queries_.empty()) {
    static_cast<void>(envelope_.record(RecordType::bye, 0));
    bye_ = false;
    state_ = State::closed;
  }
  if (envelope_.records() == 0) return false;
  if (counted) {
    sent_ += envelope_.bytes();
    for (const auto& frame : frames) sent_ += frame.size();
  }
  envelope = envelope_.finish();
  return true;
}

}  // namespace clutch::detail
