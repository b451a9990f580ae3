#include "io/access.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <string>
#include <system_error>

namespace clutch::io {
namespace {

constexpr std::uint64_t memory_least = 64u << 20;  // an interpreter with its packages starts in about that
constexpr std::uint64_t open_files_least = 64;

[[noreturn]] void refuse(const std::string& option, const std::string& why) {
  throw std::runtime_error("`" + option + "` " + why);
}

std::optional<std::uint32_t> number_in(const std::string& text) {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

void add_limit(nursery::WorkerAccess& access, const char* option, int resource, std::uint64_t value,
               std::uint64_t least) {
  if (value == 0) return;
  if (value < least) refuse(option, "must be at least " + std::to_string(least) + ", or 0 for none");
  rlimit limit{};
  const bool known = ::getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0;
  if (!known || (limit.rlim_max != RLIM_INFINITY && value > limit.rlim_max && ::geteuid() != 0)) {
    refuse(option, "is " + std::to_string(value) + ", and this process may have no more than " +
                       std::to_string(limit.rlim_max) + ": choose less, or raise its hard limit (ulimit -H)");
  }
  access.limits.push_back({static_cast<std::uint32_t>(resource), value});
}

std::vector<std::uint32_t> groups_of(const std::string& user, gid_t group) {
  int count = 0;
  ::getgrouplist(user.c_str(), group, nullptr, &count);
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(user.c_str(), group, groups.data(), &count) < 0) groups = {group};
  return {groups.begin(), groups.end()};
}

nursery::Credentials credentials_of(const PoolOptions& options) {
  nursery::Credentials credentials{::geteuid(), ::getegid(), {}};
  std::string name = options.user;
  if (!options.user.empty()) {
    const auto number = number_in(options.user);
    const passwd* entry = number ? ::getpwuid(*number) : ::getpwnam(options.user.c_str());
    if (entry == nullptr && !number) refuse("user", "is \"" + options.user + "\", and there is no such user here");
    if (entry == nullptr && options.group.empty()) refuse("user", "is a number without an entry: set `group`, too");
    credentials.user = number ? *number : entry->pw_uid;
    if (entry != nullptr) {
      credentials.group = entry->pw_gid;
      name = entry->pw_name;
    }
  }
  if (!options.group.empty()) {
    const auto number = number_in(options.group);
    const group* entry = number ? nullptr : ::getgrnam(options.group.c_str());
    if (entry == nullptr && !number) refuse("group", "is \"" + options.group + "\", and there is no such group here");
    credentials.group = number ? *number : entry->gr_gid;
    credentials.groups = {credentials.group};
  } else {
    credentials.groups = groups_of(name, credentials.group);
  }
  if (credentials.groups.size() > nursery::groups_max) credentials.groups.resize(nursery::groups_max);
  return credentials;
}

}  // namespace

nursery::WorkerAccess access_of(const PoolOptions& options) {
  nursery::WorkerAccess access;
  add_limit(access, "memory_max", RLIMIT_AS, options.memory_max, memory_least);
  add_limit(access, "open_files", RLIMIT_NOFILE, options.open_files, open_files_least);
  add_limit(access, "processes", RLIMIT_NPROC, options.processes, 1);
  access.no_new_privs = options.no_new_privs;
  if (options.user.empty() && options.group.empty()) return access;
  const char* option = options.user.empty() ? "group" : "user";
  if (::geteuid() != 0) {
    refuse(option, "needs a supervisor that runs as root, and this one does not (uid " + std::to_string(::geteuid()) +
                       "): start it as root, or as that user, and leave the key out");
  }
  access.credentials = credentials_of(options);
  return access;
}

void open_directory(const std::filesystem::path& directory) {
  if (::chmod(directory.c_str(), 0711) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot open " + directory.string() + " to the workers");
}

void give_socket(const std::filesystem::path& socket, uid_t user) {
  if (::lchown(socket.c_str(), user, static_cast<gid_t>(-1)) != 0 || ::chmod(socket.c_str(), 0600) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot give " + socket.string() + " to its worker");
}

}  // namespace clutch::io
