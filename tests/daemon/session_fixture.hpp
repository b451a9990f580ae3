// A ClientSession and the daemon that a test plays to it, on a clock of the test's.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "client_session.hpp"

namespace clutch::detail {

using namespace std::chrono_literals;
using protocol::RecordType;

class SessionTest : public testing::Test {
 protected:
  static constexpr std::uint64_t boot = 99;

  static SessionOptions options() {
    SessionOptions options;
    options.name = "test";
    options.queued_calls_max = 5;
    options.queued_bytes_max = 1000;
    options.window = 4000;
    return options;
  }

  /// A session that was welcomed, with this window for requests.
  void open(std::uint64_t window = 1 << 20) {
    session.on_link(now);
    EXPECT_EQ(send(), 1);
    welcome(window);
    EXPECT_EQ(session.state(), ClientSession::State::open);
  }

  static SessionCall call(std::uint64_t tag, std::size_t bytes = 10) {
    SessionCall call;
    call.tag = tag;
    call.function = "shop.price";
    call.request.args = Blob(std::vector<std::byte>(bytes));
    return call;
  }
  std::uint64_t submit(std::uint64_t tag) { return session.submit(call(tag), now).value_or(0); }

  /// Takes what the session sends now, read as the daemon would: how many messages.
  int send() {
    int count = 0;
    protocol::Span envelope;
    std::vector<Bytes> frames;
    records.clear();
    while (session.next_message(envelope, frames, now)) {
      ++count;
      protocol::Message message;
      EXPECT_EQ(message.read(envelope, frames.size(), protocol::Direction::client_in, std::nullopt),
                protocol::Refusal::none);
      EXPECT_EQ(message.epoch, session.state() == ClientSession::State::greeting ? 0u : boot);
      bool has_call = false;
      for (const auto& record : message.records) {
        records[record.type].push_back(record.type == RecordType::cancel ? record.number[1] : record.number[0]);
        has_call = has_call || record.type == RecordType::call;
      }
      if (has_call) sent_bytes += envelope.size();
    }
    return count;
  }

  void tell(const std::function<void(protocol::Envelope&)>& write, std::uint64_t epoch = boot) {
    protocol::Envelope envelope;
    envelope.begin(epoch);
    write(envelope);
    session.on_message({Bytes(envelope.finish()), {}}, now);
  }
  void welcome(std::uint64_t window) {
    tell(
        [window](protocol::Envelope& envelope) {
          auto& writer = envelope.record(RecordType::welcome, 3);
          writer.uint(1);
          writer.uint(boot);
          writer.map(4);
          writer.string("pid");
          writer.uint(1);
          writer.string("release");
          writer.string("0");
          writer.string("window");
          writer.uint(window);
          writer.string("payload_bytes_max");
          writer.uint(500);
        },
        0);
  }
  void result(std::uint64_t number, std::int64_t value) {
    tell([=](protocol::Envelope& envelope) {
      auto& writer = envelope.record(RecordType::result, 2);
      writer.uint(number);
      writer.integer(value);
    });
  }
  void number_record(RecordType type, std::uint64_t number) {
    tell([=](protocol::Envelope& envelope) { envelope.record(type, 1).uint(number); });
  }
  void refuse(const std::string& message, Code code = Code::unavailable) {
    tell(
        [&](protocol::Envelope& envelope) {
          Error error;
          error.code = code;
          error.message = message;
          protocol::write(envelope.record(RecordType::refused, 1), error);
        },
        0);
  }

  /// How a call ended: "value", or the error's code and certainty; "" while it has not.
  std::string ended(std::uint64_t tag) const {
    for (auto& each : const_cast<ClientSession&>(session).ended()) {
      if (each.tag != tag) continue;
      if (each.outcome.index() == 0) return "value";
      const auto& error = std::get<Error>(each.outcome);
      return std::string(to_string(error.code)) + " " + std::string(to_string(error.certainty));
    }
    return "";
  }

  ClientSession session{options()};
  ClientSession::Time now{1000s};
  std::map<RecordType, std::vector<std::uint64_t>> records;  // of the last send(): call numbers
  std::size_t sent_bytes = 0;
};

}  // namespace clutch::detail
