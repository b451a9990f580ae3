#include "io/descriptors.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

namespace clutch::io {
namespace {

constexpr auto own_descriptors = "/proc/self/fd";

std::size_t count_open() {
  struct stat facts {};
  if (::stat(own_descriptors, &facts) == 0 && facts.st_size > 0) return static_cast<std::size_t>(facts.st_size);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(own_descriptors), ::closedir);
  std::size_t count = 0;
  while (entries && ::readdir(entries.get()) != nullptr) ++count;
  return count;
}

}  // namespace

DescriptorUse descriptors_in_use() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return {count_open(), static_cast<std::size_t>(limit.rlim_cur)};
}

DescriptorMarks DescriptorMarks::of(std::size_t limit) noexcept {
  constexpr std::size_t least = 200;
  constexpr std::size_t most = 1500;
  const auto close_below = std::clamp(limit / 4, least, most);
  return {close_below, 2 * close_below};
}

std::string shortage_of(const DescriptorUse& use) {
  if (DescriptorMarks::of(use.limit).let_in(use.free(), false)) return "";
  return "the limit of open descriptors (RLIMIT_NOFILE) is " + std::to_string(use.limit) + ", of which " +
         std::to_string(use.free()) +
         " are free: too few to take clients; raise it to 1024 or more (ulimit -n, or LimitNOFILE= in a unit)";
}

}  // namespace clutch::io
