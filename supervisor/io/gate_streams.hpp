// How much of the credit that one client gives for its streams is passed on to their workers: what is under way for a
// client that takes nothing stays bounded, however many streams it has and whatever it grants. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "clutch/protocol/payload.hpp"

namespace clutch::io {

/// Of one stream.
struct GateStream {
  StreamCredit given;    ///< by the client, in total
  StreamCredit granted;  ///< to the worker, in total
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;

  void on_items(const StreamItems& items) noexcept;
};

/// Of one client.
class GateStreams {
 public:
  /// The first grant of another stream.
  [[nodiscard]] GateStream begin(StreamCredit given) noexcept;
  void end() noexcept { --streams_; }
  /// What is to be granted now, or nothing: not while its replies pile up, and not for every ITEM.
  [[nodiscard]] std::optional<StreamCredit> raise(GateStream&, bool paused) const noexcept;
  [[nodiscard]] std::size_t streams() const noexcept { return streams_; }

 private:
  [[nodiscard]] std::uint64_t share() const noexcept;

  std::size_t streams_ = 0;
};

}  // namespace clutch::io
