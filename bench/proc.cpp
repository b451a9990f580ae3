// What /proc tells.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "process.hpp"

namespace clutch::bench {
namespace {

std::filesystem::path proc(pid_t pid) { return std::filesystem::path("/proc") / std::to_string(pid); }

}  // namespace

double resident_mib(pid_t pid) {
  std::ifstream file(proc(pid) / "statm");
  double size = 0;
  double resident = 0;
  if (!(file >> size >> resident)) throw std::runtime_error("there is no process " + std::to_string(pid));
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

double cpu_seconds(pid_t pid) {
  double nanoseconds = 0;
  for (const auto& thread : std::filesystem::directory_iterator(proc(pid) / "task")) {
    double ran = 0;
    std::ifstream(thread.path() / "schedstat") >> ran;
    nanoseconds += ran;
  }
  return nanoseconds / 1e9;
}

pid_t parent_of(pid_t pid) {
  std::ifstream file(proc(pid) / "status");
  for (std::string word; file >> word;) {
    if (pid_t parent = 0; word == "PPid:" && file >> parent) return parent;
  }
  throw std::runtime_error("there is no process " + std::to_string(pid));
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

}  // namespace clutch::bench
