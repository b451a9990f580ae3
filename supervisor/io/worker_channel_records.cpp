// What a worker's records do: turned into events of the core, once the whole message is found to be right.
#include "clutch/protocol/scan.hpp"
#include "io/worker_channel.hpp"

namespace clutch::io {

using protocol::RecordType;

void WorkerChannel::on_message(const ReceivedMessage& received, LaneName lane, core::PoolCore& core, core::Time now) {
  const auto direction =
      lane == LaneName::data ? protocol::Direction::worker_data_out : protocol::Direction::worker_control_out;
  const auto refusal =
      message_.read(received.envelope.span(), received.frames.size(), direction, spawn_.incarnation.value);
  if (refusal != protocol::Refusal::none) {
    const auto why = "sent a message that breaks the protocol (" + std::string(to_string(refusal)) + ")";
    core.on_violation(spawn_.worker, spawn_.incarnation, why);
    return;
  }
  for (const auto& record : message_.records) on_record(message_, record, received, lane, core, now);
}

void WorkerChannel::on_record(const protocol::Message& message, const protocol::Record& record,
                              const ReceivedMessage& received, LaneName lane, core::PoolCore& core, core::Time now) {
  const auto worker = spawn_.worker;
  const auto incarnation = spawn_.incarnation;
  switch (record.type) {
    case RecordType::result:
      return on_result(message, record, received, core, now);
    case RecordType::begun:
      return core.on_begun(worker, incarnation, record.number[0], record.number[1], now);
    case RecordType::error: {
      auto error = protocol::read_error(record.field[0]);
      if (!error) return core.on_violation(worker, incarnation, "sent an ERROR that cannot be read");
      return core.on_error(worker, incarnation, core::CallId{record.number[0]}, std::move(*error), now);
    }
    case RecordType::item:
      return on_items(message, record, received, core, now);
    case RecordType::end:
      return core.on_end(worker, incarnation, core::CallId{record.number[0]}, record.number[1], now);
    case RecordType::attach:
      if (record.number[0] != static_cast<std::uint64_t>(lane)) {
        return core.on_violation(worker, incarnation, "attached to the wrong lane");
      }
      return on_attached(lane);
    case RecordType::registration: {
      const auto registration = read_registration(record);
      if (!registration) return core.on_violation(worker, incarnation, "sent a REGISTER that cannot be read");
      ready_ = true;
      return core.on_registered(worker, incarnation, *registration, now);
    }
    case RecordType::boot_failed: {
      auto error = protocol::read_error(record.field[0]);
      if (!error) return core.on_violation(worker, incarnation, "sent a BOOT_FAILED that cannot be read");
      return core.on_boot_failed(worker, incarnation, std::move(*error), now);
    }
    case RecordType::pong:
      return core.on_pong(worker, incarnation, record.number[0], now);
    default:
      return;
  }
}

void WorkerChannel::on_result(const protocol::Message& message, const protocol::Record& record,
                              const ReceivedMessage& received, core::PoolCore& core, core::Time now) {
  const core::CallId call{record.number[0]};
  // A value that is not of the domain is this call's error; the worker has done nothing wrong but return it.
  if (const auto flaw = protocol::scan(record.field[0]); flaw != protocol::ScanError::none) {
    Error error;
    error.code = Code::invalid_argument;
    error.stage = Stage::result;
    error.certainty = Certainty::started;
    error.message = "the result cannot cross: " + std::string(to_string(flaw)) + " (see docs/values.md)";
    return core.on_error(spawn_.worker, spawn_.incarnation, call, std::move(error), now);
  }
  core.on_result(spawn_.worker, spawn_.incarnation, call,
                 {Blob(record.field[0]), message.frames_of(record, received.frames)}, now);
}

void WorkerChannel::on_items(const protocol::Message& message, const protocol::Record& record,
                             const ReceivedMessage& received, core::PoolCore& core, core::Time now) {
  const core::CallId call{record.number[0]};
  StreamItems items;
  items.first = record.number[1];
  items.count = static_cast<std::uint32_t>(protocol::items_in(record));
  items.body = Blob(record.field[0]);
  items.frames = message.frames_of(record, received.frames);
  const auto flaw = protocol::scan_items(record.field[0]);
  if (flaw == protocol::ScanError::none) {
    return core.on_items(spawn_.worker, spawn_.incarnation, call, std::move(items), now);
  }
  Error error;
  error.code = Code::invalid_argument;
  error.stage = Stage::result;
  error.certainty = Certainty::started;
  error.message = "an item cannot cross: " + std::string(to_string(flaw)) + " (see docs/values.md)";
  core.on_flawed_items(spawn_.worker, spawn_.incarnation, call, items, std::move(error), now);
}

}  // namespace clutch::io
