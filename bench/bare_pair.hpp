// The floor below every transport of ours: a ZeroMQ DEALER pair over ipc, a Python process at the other end.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "process.hpp"

namespace clutch::bench {

class BarePair {
 public:
  /// `frames`: for large messages, which neither side copies.
  BarePair(const std::string& python, bool frames);
  ~BarePair();

  /// Sends so many bytes and blocks until they are back.
  void echo(std::size_t bytes);

 private:
  struct Sockets;

  std::unique_ptr<Sockets> sockets_;
  std::string path_;
  Child peer_;
};

}  // namespace clutch::bench
