#include "io/zmq_context.hpp"

#include "io/zmq_parts.hpp"

namespace clutch::io {

ZmqContext::ZmqContext() : native_(std::make_unique<Native>()) {}
ZmqContext::~ZmqContext() = default;

}  // namespace clutch::io
