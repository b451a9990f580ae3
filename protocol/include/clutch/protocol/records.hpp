// Messages and records as PROTOCOL.md gives them: one table of shapes, one strict reader, one writer.
// No sockets, no policy. A message is read whole, every field checked, before any of it is acted on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "clutch/cancel_receipt.hpp"
#include "clutch/protocol/error.hpp"
#include "clutch/protocol/payload.hpp"
#include "clutch/protocol/writer.hpp"

namespace clutch::protocol {

enum class RecordType : std::uint8_t {
  boot = 1,
  run,
  attach,
  registration,
  boot_failed,
  result,
  error,
  begun,
  cancel,
  ping,
  pong,
  stop,
  item,
  end,
  credit,
  hello = 20,
  welcome,
  refused,
  call,
  detach,
  window,
  query,
  answer,
  bye,
  receipt,
  command,
};

/// Who speaks to whom on which lane: decides which records belong.
enum class Direction : std::uint8_t {
  worker_data_in,      ///< supervisor to worker, data
  worker_data_out,     ///< worker to supervisor, data
  worker_control_in,   ///< supervisor to worker, control
  worker_control_out,  ///< worker to supervisor, control
  client_in,           ///< client to daemon
  client_out,          ///< daemon to client
};

enum class Refusal : std::uint8_t {
  none,
  not_an_envelope,
  trailing_bytes,
  wrong_version,
  wrong_epoch,
  unknown_type,
  wrong_lane,
  wrong_arity,
  wrong_field,
  frame_unnamed,
  frame_named_twice,
  frame_missing,
  over_limit,
};
[[nodiscard]] std::string_view to_string(Refusal) noexcept;

using Span = std::span<const std::byte>;

/// A large bin that travels beside the envelope: where it belongs and the number of its frame (from 1).
struct FrameName {
  Place place;
  std::uint32_t frame = 0;
};

/// One record, its fields in the order of PROTOCOL.md's table: unsigned ints in `number`, everything else as its
/// bytes in `field` (a str or bin: its body; a map, array or value: its encoding). Views into the message.
struct Record {
  RecordType type{};
  std::uint64_t number[4] = {};
  Span field[3] = {};
  bool has_extras = false;      ///< the optional last field is there, in the last used `field`
  std::uint32_t frames_at = 0;  ///< FrameNames of this record in Message::frame_names
  std::uint32_t frames_count = 0;

  [[nodiscard]] std::string_view text(std::size_t index) const noexcept {
    return {reinterpret_cast<const char*>(field[index].data()), field[index].size()};
  }
};

/// The optional last field of RUN and CALL. Views into the message.
struct Extras {
  Span kwargs;
  Span metadata;  ///< the encoding of a map of str to str; empty for none
  std::uint64_t attempt = 1;
  std::uint64_t deadline = 0;
  std::uint64_t timeout = 0;
  std::uint64_t queue_timeout = 0;
  std::optional<std::uint64_t> attempt_timeout;
  std::string_view pool;
  std::string_view idempotency_key;  ///< empty: it has none
  bool detached = false;
  std::uint64_t priority = 1;
  std::optional<StreamCredit> stream;  ///< the call is a stream, with this credit to begin with
};

/// A message as read. Reuse one object for many reads: it keeps its memory.
struct Message {
  std::uint64_t epoch = 0;
  std::vector<Record> records;
  std::vector<FrameName> frame_names;

  /// `epoch` is the receiver's own; nullopt accepts any (before HELLO was answered). `frames` is how many payload
  /// frames came with the envelope. Whatever is not `none` leaves no record to act on.
  [[nodiscard]] Refusal read(Span envelope, std::size_t frames, Direction, std::optional<std::uint64_t> epoch);
  [[nodiscard]] std::span<const FrameName> frames_of(const Record& record) const noexcept {
    return std::span(frame_names).subspan(record.frames_at, record.frames_count);
  }
  /// The same with the frames themselves: `received` are those that came with the envelope. Shares them.
  [[nodiscard]] PayloadFrames frames_of(const Record& record, std::span<const Bytes> received) const;
};

/// Reads the extras of a RUN or CALL that Message::read accepted.
[[nodiscard]] Extras extras_of(const Record&);

/// How many items an ITEM that Message::read accepted has.
[[nodiscard]] std::size_t items_in(const Record&) noexcept;

/// Writes one envelope, record by record.
class Envelope {
 public:
  void begin(std::uint64_t epoch);
  /// The writer, for the one record that is to be appended now. The fields are the caller's to get right.
  Writer& record(RecordType type, std::size_t fields);
  [[nodiscard]] std::size_t records() const noexcept { return records_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return writer_.size(); }
  /// Room for another record, by limits.hpp.
  [[nodiscard]] bool full() const noexcept;
  [[nodiscard]] Span finish() noexcept;

 private:
  Writer writer_;
  std::size_t opened_ = 0;
  std::size_t records_ = 0;
};

/// Writes `frames` as an array of [place, frame], numbered from `first`.
void write_frame_names(Writer&, const PayloadFrames& frames, std::size_t first);

void write(Writer&, const CancelReceipt&);
/// Of a RECEIPT that Message::read accepted.
[[nodiscard]] CancelReceipt receipt_of(const Record&);

void write(Writer&, const Error&);
/// nullopt: it is not an error of PROTOCOL.md's form, or beyond its limits.
[[nodiscard]] std::optional<Error> read_error(Span encoded);

}  // namespace clutch::protocol
