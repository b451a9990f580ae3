// Where the daemon listens: "ipc://PATH", and which one is the user's own.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace clutch::io {

/// The user's own daemon: $XDG_RUNTIME_DIR/clutch/clutchd.sock, else /tmp/clutch-UID/clutchd.sock.
[[nodiscard]] std::string default_endpoint();

/// The absolute path of an ipc endpoint. Throws std::runtime_error, with a sentence, where it is not one, or is longer
/// than the 107 bytes that the kernel takes.
[[nodiscard]] std::filesystem::path socket_path_of(std::string_view endpoint);

}  // namespace clutch::io
