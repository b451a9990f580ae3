#include "io/gate_streams.hpp"

#include <algorithm>

#include "clutch/protocol/limits.hpp"

namespace clutch::io {

void GateStream::on_items(const StreamItems& come) noexcept {
  items += come.count;
  bytes += come.bytes();
}

// Each new stream gets a smaller one, so all that is granted and has not come is at most ln(streams) times the whole.
std::uint64_t GateStreams::share() const noexcept {
  return std::max<std::uint64_t>(limits::client_stream_share_min_bytes,
                                 limits::client_stream_bytes / std::max<std::size_t>(streams_, 1));
}

GateStream GateStreams::begin(StreamCredit given) noexcept {
  ++streams_;
  return {.given = given, .granted = {given.items, std::min(given.bytes, share())}};
}

std::optional<StreamCredit> GateStreams::raise(GateStream& stream, bool paused) const noexcept {
  if (paused) return std::nullopt;
  const StreamCredit next{stream.given.items, std::min(stream.given.bytes, stream.bytes + share())};
  if (next.items <= stream.granted.items && next.bytes <= stream.granted.bytes) return std::nullopt;
  // Short of what the client gave a raise is worth a message only when it is half a share, or the stream stands still.
  const bool all = next.bytes == stream.given.bytes;
  const bool stands_still = stream.bytes >= stream.granted.bytes;
  if (!all && !stands_still && next.bytes - std::min(next.bytes, stream.granted.bytes) < share() / 2 &&
      next.items <= stream.granted.items) {
    return std::nullopt;
  }
  stream.granted = {std::max(next.items, stream.granted.items), std::max(next.bytes, stream.granted.bytes)};
  return stream.granted;
}

}  // namespace clutch::io
