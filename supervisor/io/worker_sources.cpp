#include "io/worker_sources.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "io/installed.hpp"

namespace clutch::io {

std::filesystem::path find_worker_sources() {
  namespace fs = std::filesystem;
  std::vector<fs::path> candidates;
  if (const char* named = std::getenv("CLUTCH_WORKER_PATH"); named != nullptr && *named != '\0') {
    candidates = {named};  // asked for: no other will do
  } else {
    std::error_code error;
    const auto program = fs::read_symlink("/proc/self/exe", error);
    if (!error) candidates.push_back(program.parent_path().parent_path() / "share/clutch/python");
    if (auto linked = linked_python_directory(); !linked.empty()) candidates.push_back(std::move(linked));
  }
  std::string looked;
  for (const auto& candidate : candidates) {
    if (fs::exists(candidate / "clutch_worker/__main__.py")) return fs::canonical(candidate);
    looked += (looked.empty() ? "" : ", ") + candidate.string();
  }
  throw std::runtime_error("the worker's Python sources (clutch_worker) are in none of: " + looked +
                           "; install clutch, or set CLUTCH_WORKER_PATH");
}

}  // namespace clutch::io
