#include "io/runtime_directory.hpp"

#include <stdlib.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace clutch::io {
namespace {

constexpr std::size_t socket_path_bytes_max = 107;  // sun_path without its NUL
constexpr std::size_t socket_name_bytes_max = 32;   // "/18446744073709551615.control"

std::filesystem::path base(bool for_others) {
  for (const char* name : {"XDG_RUNTIME_DIR", "TMPDIR"}) {
    if (for_others) break;
    const char* value = ::secure_getenv(name);
    if (value != nullptr && std::filesystem::is_directory(value)) return value;
  }
  return "/tmp";
}

}  // namespace

RuntimeDirectory::RuntimeDirectory(bool for_others) {
  std::string name = (base(for_others) / "clutch-XXXXXX").string();
  if (name.size() + socket_name_bytes_max > socket_path_bytes_max) {
    throw std::runtime_error("sockets in " + name +
                             " would have a path of more than 107 bytes: set XDG_RUNTIME_DIR to a shorter directory");
  }
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "cannot make a directory " + name);
  }
  path_ = name;
}

RuntimeDirectory::~RuntimeDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace clutch::io
