#include "io/gate_client.hpp"

#include <algorithm>

namespace clutch::io {
namespace {

using protocol::RecordType;

constexpr std::size_t record_bytes = 64;  // what a reply costs beside its payload

std::size_t weight(const PythonException& exception) {
  std::size_t sum = exception.type.size() + exception.message.size() + exception.traceback.size();
  for (const auto& note : exception.notes) sum += note.size();
  for (const auto& member : exception.group) sum += weight(member);
  return exception.cause ? sum + weight(*exception.cause) : sum;
}

std::size_t weight(const PayloadFrames& frames) {
  std::size_t sum = 0;
  for (const auto& frame : frames) sum += frame.bytes.size();
  return sum;
}

Error discarded_reply(std::size_t waiting) {
  Error error;
  error.code = Code::overloaded;
  error.stage = Stage::result;
  error.certainty = Certainty::started;
  error.message =
      "the result was discarded: " + std::to_string(waiting >> 20) +
      " MiB of results wait for this client, which does not take them fast enough; have fewer calls under way";
  return error;
}

}  // namespace

GateClient::GateClient(core::SessionId session, std::string name, std::uint64_t pid, std::size_t window)
    : session_(session),
      name_(std::move(name)),
      pid_(pid),
      window_(std::clamp<std::size_t>(window, 1, limits::client_window_bytes)) {}

bool GateClient::on_request_bytes(std::size_t bytes) noexcept {
  const bool allowed = received_ - window_said_ < limits::client_window_bytes;
  received_ += bytes;
  return allowed;
}

bool GateClient::on_call_number(std::uint64_t number) noexcept {
  if (number <= last_number_) return false;
  last_number_ = number;
  return true;
}

// Never less than before: what is requeued after a worker's death was taken off the link once.
void GateClient::on_queued_bytes(std::size_t bytes) noexcept {
  window_due_ = std::max<std::uint64_t>(window_due_, received_ - std::min<std::uint64_t>(bytes, received_));
}

bool GateClient::on_window(std::uint64_t total, core::Time now) noexcept {
  if (total < acknowledged_ || total > sent_) return false;
  if (total > acknowledged_) progress_ = now;
  acknowledged_ = total;
  return true;
}

std::size_t GateClient::weight(const Waiting& waiting) noexcept {
  const auto& what = waiting.what;
  if (const auto* reply = std::get_if<Reply>(&what))
    return record_bytes + reply->body.size() + io::weight(reply->frames);
  if (const auto* items = std::get_if<StreamItems>(&what)) return record_bytes + items->bytes();
  const auto* error = std::get_if<Error>(&what);
  if (error == nullptr) return record_bytes;
  return record_bytes + error->message.size() + error->python_stack.size() +
         (error->exception ? io::weight(*error->exception) : 0);
}

void GateClient::add(Waiting&& waiting) {
  waiting_bytes_ += weight(waiting);
  replies_.push_back(std::move(waiting));
}

void GateClient::reply(std::uint64_t number, core::Outcome&& outcome) {
  const auto at = calls.find(number);
  std::optional<GateStream> stream;
  if (at != calls.end()) {
    stream = at->second.stream;
    calls.erase(at);
  }
  if (stream) streams.end();
  if (auto* error = std::get_if<Error>(&outcome)) return add({number, std::move(*error)});
  if (stream) return add({number, End{stream->items}});
  Waiting waiting{number, std::move(std::get<Reply>(outcome))};
  if (waiting_bytes_ + weight(waiting) > limits::client_replies_bytes_max) {
    ++discarded_;
    waiting.what = discarded_reply(waiting_bytes_);
  }
  add(std::move(waiting));
}

// What there may be of them is bounded by the credit that was granted.
void GateClient::items(std::uint64_t number, StreamItems&& items) { add({number, std::move(items)}); }

void GateClient::receipt(core::ReceiptId n, CancelReceipt&& receipt) { receipts_.push_back({n, std::move(receipt)}); }

void GateClient::write_controls(ClientMessage& message) {
  if (window_due()) {
    message.envelope.record(RecordType::window, 1).uint(window_due_);
    window_said_ = window_due_;
  }
  if (pong_) {
    message.envelope.record(RecordType::pong, 1).uint(*pong_);
    pong_.reset();
  }
  for (const auto& answer : answers_) {
    auto& writer = message.envelope.record(RecordType::answer, 2);
    writer.uint(answer.n);
    writer.raw(answer.value.bytes());
  }
  queries_ -= answers_.size();
  answers_.clear();
  while (!receipts_.empty() && !message.envelope.full()) {
    auto& writer = message.envelope.record(RecordType::receipt, 2);
    writer.uint(receipts_.front().n.value);
    protocol::write(writer, receipts_.front().receipt);
    receipts_.pop_front();
    --receipts_wanted_;
  }
}

bool GateClient::reply_fits(const ClientMessage& message) const noexcept {
  if (message.envelope.records() == 0) return true;
  if (message.envelope.full()) return false;
  const auto* frames = frames_of(replies_.front());
  if (frames == nullptr || frames->empty() || message.frames.empty()) return true;
  if (message.frames.size() + frames->size() > limits::frames_per_message_max) return false;
  std::size_t bytes = io::weight(*frames);
  for (const auto& frame : message.frames) bytes += frame.size();
  return bytes <= limits::message_frames_bytes_soft;
}

const PayloadFrames* GateClient::frames_of(const Waiting& waiting) noexcept {
  if (const auto* reply = std::get_if<Reply>(&waiting.what)) return &reply->frames;
  if (const auto* items = std::get_if<StreamItems>(&waiting.what)) return &items->frames;
  return nullptr;
}

void GateClient::write_reply(ClientMessage& message, Waiting&& waiting) {
  if (const auto* error = std::get_if<Error>(&waiting.what)) {
    auto& writer = message.envelope.record(RecordType::error, 2);
    writer.uint(waiting.number);
    return protocol::write(writer, *error);
  }
  if (const auto* end = std::get_if<End>(&waiting.what)) {
    auto& writer = message.envelope.record(RecordType::end, 2);
    writer.uint(waiting.number);
    return writer.uint(end->items);
  }
  const auto& frames = *frames_of(waiting);
  const std::size_t named = frames.empty() ? 0 : 1;
  if (const auto* reply = std::get_if<Reply>(&waiting.what)) {
    auto& writer = message.envelope.record(RecordType::result, 2 + named);
    writer.uint(waiting.number);
    writer.raw(reply->body.bytes());
    write_frames(message, writer, frames);
  } else if (const auto* items = std::get_if<StreamItems>(&waiting.what)) {
    auto& writer = message.envelope.record(RecordType::item, 3 + named);
    writer.uint(waiting.number);
    writer.uint(items->first);
    writer.raw(items->body.bytes());
    write_frames(message, writer, frames);
  }
}

void GateClient::write_frames(ClientMessage& message, protocol::Writer& writer, const PayloadFrames& frames) {
  if (frames.empty()) return;
  protocol::write_frame_names(writer, frames, message.frames.size() + 1);
  for (const auto& frame : frames) message.frames.push_back(frame.bytes);
}

bool GateClient::next_message(std::uint64_t boot, ClientMessage& message, core::Time now) {
  message.envelope.begin(boot);
  message.frames.clear();
  message.counted = false;
  write_controls(message);
  if (!replies_.empty() && progress_ == core::never) progress_ = now;
  while (!replies_.empty() && sent_ - acknowledged_ < window_ && reply_fits(message)) {
    auto waiting = std::move(replies_.front());
    replies_.pop_front();
    waiting_bytes_ -= weight(waiting);
    write_reply(message, std::move(waiting));
    message.counted = true;
  }
  if (message.envelope.records() == 0) return false;
  message.bytes = message.envelope.bytes();
  for (const auto& frame : message.frames) message.bytes += frame.size();
  if (message.counted) {
    sent_ += message.bytes;
    progress_ = replies_.empty() ? core::never : now;
  }
  return true;
}

}  // namespace clutch::io
