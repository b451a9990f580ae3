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

/// Items of a stream that came together: `body` is a MessagePack array of them, a frame's place an item's index in it.
struct StreamItems {
  std::uint64_t first = 0;  ///< how many came before
  std::uint32_t count = 0;
  Blob body;
  PayloadFrames frames;

  /// As credit counts them.
  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t sum = body.size();
    for (const auto& frame : frames) sum += frame.bytes.size();
    return sum;
  }
};

/// What the reader of a stream has room for, in total since it began (PROTOCOL.md, "Credit").
struct StreamCredit {
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const StreamCredit&, const StreamCredit&) = default;
};

}  // namespace clutch
