// The first byte says on which lane and with how many frames the rest arrives. All that a record points to must be
// inside the envelope, and its frames within those that came.
#include <cstdlib>

#include "clutch/protocol/records.hpp"

namespace {

using namespace clutch::protocol;

void must(bool holds) {
  if (!holds) std::abort();
}

void check(const Message& message, const Record& record, Span envelope, std::size_t frames) {
  for (const auto& field : record.field) {
    must(field.empty() ||
         (field.data() >= envelope.data() && field.data() + field.size() <= envelope.data() + envelope.size()));
  }
  for (const auto& name : message.frames_of(record)) must(name.frame >= 1 && name.frame <= frames);
  const auto extras = extras_of(record);
  must(extras.kwargs.size() <= envelope.size() && extras.metadata.size() <= envelope.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  static Message message;  // kept, as its users keep it
  const auto direction = static_cast<Direction>(data[0] % 6);
  const std::size_t frames = data[0] / 6 % 4;
  const auto envelope = std::as_bytes(std::span(data, size)).subspan(1);
  const auto refusal = message.read(envelope, frames, direction, std::nullopt);
  if (refusal != Refusal::none) {
    must(message.records.empty());
    return 0;
  }
  for (const auto& record : message.records) check(message, record, envelope, frames);
  return 0;
}
