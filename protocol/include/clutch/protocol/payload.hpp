// What a call carries either way: one MessagePack body, and the large bins that travel beside it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "clutch/bytes.hpp"
#include "clutch/protocol/blob.hpp"

namespace clutch {

/// Where a payload frame belongs: the result itself (monostate), an argument or item by position, a keyword.
using Place = std::variant<std::monostate, std::uint32_t, std::string>;

struct PayloadFrame {
  Place place;
  Bytes bytes;
};
using PayloadFrames = std::vector<PayloadFrame>;

/// What a caller submits. `args` is a MessagePack array, `kwargs` a map with str keys or empty for none; a bin that
/// travels in `frames` has an empty bin in its place.
struct Request {
  Blob args;
  Blob kwargs;
  PayloadFrames frames;

  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t sum = args.size() + kwargs.size();
    for (const auto& frame : frames) sum += frame.bytes.size();
    return sum;
  }
};

/// A value that came back: one MessagePack value and its payload frames.
struct Reply {
  Blob body;
  PayloadFrames frames;
};

}  // namespace clutch
