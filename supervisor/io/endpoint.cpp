#include "io/endpoint.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <stdexcept>

namespace clutch::io {
namespace {

constexpr std::size_t socket_path_bytes_max = 107;  // sun_path without its NUL
constexpr std::string_view scheme = "ipc://";

}  // namespace

std::string default_endpoint() {
  const char* runtime = ::secure_getenv("XDG_RUNTIME_DIR");
  std::error_code ignored;
  if (runtime != nullptr && std::filesystem::is_directory(runtime, ignored)) {
    return std::string(scheme) + runtime + "/clutch/clutchd.sock";
  }
  return std::string(scheme) + "/tmp/clutch-" + std::to_string(::getuid()) + "/clutchd.sock";
}

std::filesystem::path socket_path_of(std::string_view endpoint) {
  if (endpoint.substr(0, scheme.size()) != scheme || endpoint.size() == scheme.size() ||
      endpoint[scheme.size()] == '@') {
    throw std::runtime_error("`" + std::string(endpoint) +
                             "` is not an endpoint: it must be ipc:// and the path of a socket, for instance " +
                             default_endpoint());
  }
  auto path = std::filesystem::absolute(endpoint.substr(scheme.size())).lexically_normal();
  if (path.native().size() > socket_path_bytes_max) {
    throw std::runtime_error("the socket's path " + path.string() + " has " + std::to_string(path.native().size()) +
                             " bytes; the kernel takes at most 107: use a shorter directory");
  }
  return path;
}

}  // namespace clutch::io
