// Where the Python sources of the worker are.
#pragma once

#include <filesystem>

namespace clutch::io {

/// The directory that has `clutch_worker/`: what CLUTCH_WORKER_PATH names, else beside the running program's prefix
/// (PREFIX/bin/program, PREFIX/share/clutch/python), else where the linked program was told (installed.hpp). Throws
/// std::runtime_error with a sentence that says where it looked.
std::filesystem::path find_worker_sources();

}  // namespace clutch::io
