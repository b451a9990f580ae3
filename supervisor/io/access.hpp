// Whom a pool's workers run as and what they may use at most, worked out and checked before anything is started: what
// is asked for and cannot be had stops the start.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "clutch/pool_options.hpp"
#include "nursery/messages.hpp"

namespace clutch::io {

/// Throws std::runtime_error, with a sentence that names the option and what to do.
[[nodiscard]] nursery::WorkerAccess access_of(const PoolOptions&);

/// Lets workers of another user in: the directory can be entered (0711) but not listed, and each socket in it is its
/// worker's alone. Throws std::system_error.
void open_directory(const std::filesystem::path& directory);
void give_socket(const std::filesystem::path& socket, uid_t user);

}  // namespace clutch::io
