// libzmq's context, and a message as received: what all transports share. No zmq.hpp here: it ends in their .cpp files.
#pragma once

#include <memory>
#include <vector>

#include "clutch/bytes.hpp"

namespace clutch::io {

/// One I/O thread for all sockets made in it. Outlives them.
class ZmqContext {
 public:
  struct Native;  ///< io/zmq_parts.hpp, for transports

  ZmqContext();
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;

  [[nodiscard]] Native& native() noexcept { return *native_; }

 private:
  std::unique_ptr<Native> native_;
};

/// One message as received. The envelope and the frames are shared, not copied.
struct ReceivedMessage {
  Bytes envelope;
  std::vector<Bytes> frames;

  [[nodiscard]] std::size_t bytes() const noexcept {
    std::size_t sum = envelope.size();
    for (const auto& frame : frames) sum += frame.size();
    return sum;
  }
};

}  // namespace clutch::io
