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

std::size_t weight(const core::Outcome& outcome) {
  if (const auto* error = std::get_if<Error>(&outcome)) {
    return record_bytes + error->message.size() + error->python_stack.size() +
           (error->exception ? weight(*error->exception) : 0);
  }
  const auto& reply = std::get<Reply>(outcome);
  std::size_t sum = record_bytes + reply.body.size();
  for (const auto& frame : reply.frames) sum += frame.bytes.size();
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

void GateClient::reply(std::uint64_t number, core::Outcome&& outcome) {
  calls.erase(number);
  auto bytes = weight(outcome);
  if (outcome.index() == 0 && waiting_bytes_ + bytes > limits::client_replies_bytes_max) {
    ++discarded_;
    outcome = discarded_reply(waiting_bytes_);
    bytes = weight(outcome);
  }
  waiting_bytes_ += bytes;
  replies_.push_back({number, std::move(outcome)});
}

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
}

bool GateClient::reply_fits(const ClientMessage& message) const noexcept {
  if (message.envelope.records() == 0) return true;
  if (message.envelope.full()) return false;
  const auto* reply = std::get_if<Reply>(&replies_.front().outcome);
  if (reply == nullptr || reply->frames.empty()) return true;
  if (message.frames.empty()) return true;
  if (message.frames.size() + reply->frames.size() > limits::frames_per_message_max) return false;
  std::size_t bytes = 0;
  for (const auto& frame : message.frames) bytes += frame.size();
  for (const auto& frame : reply->frames) bytes += frame.bytes.size();
  return bytes <= limits::message_frames_bytes_soft;
}

void GateClient::write_reply(ClientMessage& message, Waiting&& waiting) {
  if (const auto* error = std::get_if<Error>(&waiting.outcome)) {
    auto& writer = message.envelope.record(RecordType::error, 2);
    writer.uint(waiting.number);
    protocol::write(writer, *error);
    return;
  }
  const auto& reply = std::get<Reply>(waiting.outcome);
  auto& writer = message.envelope.record(RecordType::result, reply.frames.empty() ? 2 : 3);
  writer.uint(waiting.number);
  writer.raw(reply.body.bytes());
  if (reply.frames.empty()) return;
  protocol::write_frame_names(writer, reply.frames, message.frames.size() + 1);
  for (const auto& frame : reply.frames) message.frames.push_back(frame.bytes);
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
    waiting_bytes_ -= weight(waiting.outcome);
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
