#include "bare_pair.hpp"

#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <vector>
#include <zmq.hpp>

#include "service.hpp"

namespace clutch::bench {
namespace {

std::vector<std::string> command(const std::string& python, const std::string& path, bool frames) {
  std::vector<std::string> words = {python, script("floor_zmq.py"), "ipc://" + path};
  if (frames) words.emplace_back("frame");
  return words;
}

std::string socket_path() {
  static int made = 0;
  const auto name = "clutch-bench-" + std::to_string(::getpid()) + "-" + std::to_string(++made);
  return (std::filesystem::temp_directory_path() / name).string();
}

}  // namespace

struct BarePair::Sockets {
  explicit Sockets(const std::string& endpoint) {
    dealer.set(zmq::sockopt::linger, 0);
    dealer.set(zmq::sockopt::rcvtimeo, 60'000);
    dealer.bind(endpoint);
  }

  zmq::context_t context;
  zmq::socket_t dealer{context, zmq::socket_type::dealer};
  std::vector<std::byte> bytes;
};

BarePair::BarePair(const std::string& python, bool frames)
    : path_(socket_path()), peer_(command(python, path_, frames)) {
  sockets_ = std::make_unique<Sockets>("ipc://" + path_);
}

BarePair::~BarePair() {
  sockets_.reset();
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void BarePair::echo(std::size_t size) {
  auto& bytes = sockets_->bytes;
  if (bytes.size() < size) bytes.resize(size);
  // Lent, not copied: the bytes stay as they are.
  zmq::message_t message(bytes.data(), size, [](void*, void*) {});
  sockets_->dealer.send(message, zmq::send_flags::none);
  if (!sockets_->dealer.recv(message) || message.size() != size)
    throw std::runtime_error("floor_zmq.py does not answer");
}

}  // namespace clutch::bench
