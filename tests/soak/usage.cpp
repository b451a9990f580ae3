#include "usage.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace clutch::soak {
namespace {

std::string proc(pid_t process, const char* what) { return "/proc/" + std::to_string(process) + "/" + what; }

std::size_t entries(const std::string& path) {
  std::error_code gone;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator at(path, gone), end; !gone && at != end; at.increment(gone)) ++count;
  return count;
}

std::size_t descendants(pid_t process) {
  std::size_t count = 0;
  for (const auto child : children_of(process)) count += 1 + descendants(child);
  return count;
}

}  // namespace

std::vector<pid_t> children_of(pid_t process) {
  std::vector<pid_t> children;
  std::error_code gone;
  for (std::filesystem::directory_iterator at(proc(process, "task"), gone), end; !gone && at != end;
       at.increment(gone)) {
    std::ifstream file(at->path() / "children");
    for (pid_t child = 0; file >> child;) children.push_back(child);
  }
  return children;
}

Usage usage_of(pid_t process) {
  Usage usage;
  usage.descriptors = entries(proc(process, "fd"));
  usage.threads = entries(proc(process, "task"));
  std::ifstream maps(proc(process, "maps"));
  for (std::string line; std::getline(maps, line);) ++usage.maps;
  usage.processes = descendants(process);
  std::ifstream statm(proc(process, "statm"));
  std::size_t pages = 0;
  statm >> pages >> pages;
  usage.rss_kib = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
  return usage;
}

}  // namespace clutch::soak
