#include "process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <memory>
#include <sstream>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "owned_fd.hpp"
#include "say.hpp"

namespace clutch::nursery {
namespace {

// How often a tree is walked until all of it has stopped. A process that sleeps uninterruptibly never does.
constexpr int walks_max = 50;
constexpr int between_walks_ms = 1;

std::optional<Process> read_process(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const OwnedFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  char text[1024];
  const ssize_t size = ::read(file.get(), text, sizeof text);
  if (size <= 0) return std::nullopt;
  return parse_stat({text, static_cast<std::size_t>(size)});
}

// Not from /proc/PID/task/TID/children: a kernel may be built without it.
std::vector<Process> read_processes() {
  std::vector<Process> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  if (!directory) {
    say("cannot read /proc: descendants of workers are not found");
    return processes;
  }
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    if (const auto process = read_process(pid)) processes.push_back(*process);
  }
  return processes;
}

bool dead(const Process& process) { return process.state == 'Z' || process.state == 'X'; }
bool at_rest(const Process& process) { return dead(process) || process.state == 'T' || process.state == 't'; }

// A descriptor of exactly this process, or none if its pid is another's by now: what is opened first and still has
// the same start time afterwards has been that process all along.
OwnedFd open_process(const Process& process) {
  OwnedFd fd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  const auto now = read_process(process.pid);
  if (!now || now->started != process.started) return {};
  return fd;
}

void send_signal(const Process& process, const OwnedFd& fd, int signal) {
  if (!fd || ::syscall(SYS_pidfd_send_signal, fd.get(), signal, nullptr, 0) == 0 || errno == ESRCH) return;
  say("cannot signal process " + std::to_string(process.pid) + ", a descendant of a worker: errno " +
      std::to_string(errno));
}

class Hunt {
 public:
  explicit Hunt(pid_t root) : root_(root) {}

  void stop_all() {
    ::kill(root_, SIGSTOP);
    for (int walk = 0; walk < walks_max && !stopped(); ++walk) ::poll(nullptr, 0, between_walks_ms);
  }

  // The root last: while it lives, stopped, it is the subreaper to which all that loses its parent is handed.
  void kill_all() {
    for (int walk = 0; walk < walks_max && kill_found() != 0; ++walk) {
    }
    ::kill(root_, SIGKILL);
  }

 private:
  // True when a walk found nothing new and all at rest. With a SIGSTOP under way a process may still finish a fork.
  bool stopped() {
    const std::vector<Process> all = read_processes();
    bool settled = true;
    for (const Process& process : all)
      if (process.pid == root_ && !at_rest(process)) settled = false;
    for (const Process& process : descendants(all, root_)) {
      if (at_rest(process)) continue;
      settled = false;
      if (stopped_.insert(process.pid).second) send_signal(process, open_process(process), SIGSTOP);
    }
    return settled;
  }

  // How many it had not killed before.
  int kill_found() {
    int fresh = 0;
    for (const Process& process : descendants(read_processes(), root_)) {
      if (dead(process) || !killed_.insert(process.pid).second) continue;
      send_signal(process, open_process(process), SIGKILL);
      ++fresh;
    }
    return fresh;
  }

  pid_t root_;
  std::unordered_set<pid_t> stopped_;
  std::unordered_set<pid_t> killed_;
};

}  // namespace

std::optional<Process> parse_stat(std::string_view line) {
  Process process;
  const char* const end = line.data() + line.size();
  if (std::from_chars(line.data(), end, process.pid).ec != std::errc{} || process.pid <= 0) return std::nullopt;
  const std::size_t name_end = line.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;

  std::istringstream fields{std::string(line.substr(name_end + 2))};
  fields >> process.state >> process.parent;
  std::string skipped;
  for (int field = 5; field < 22; ++field) fields >> skipped;
  fields >> process.started;
  if (!fields) return std::nullopt;
  return process;
}

std::vector<Process> descendants(const std::vector<Process>& processes, pid_t root) {
  std::unordered_multimap<pid_t, const Process*> by_parent;
  for (const Process& process : processes) by_parent.emplace(process.parent, &process);
  std::vector<Process> found;
  std::unordered_set<pid_t> seen{root};
  const auto add_children = [&](pid_t parent) {
    const auto [first, last] = by_parent.equal_range(parent);
    for (auto child = first; child != last; ++child)
      if (seen.insert(child->second->pid).second) found.push_back(*child->second);
  };
  add_children(root);
  for (std::size_t next = 0; next < found.size(); ++next) add_children(found[next].pid);
  return found;
}

void kill_tree(pid_t root) {
  Hunt hunt(root);
  hunt.stop_all();
  hunt.kill_all();
}

void kill_remnants(const std::function<bool(pid_t)>& is_worker) {
  const pid_t self = ::getpid();
  for (const Process& process : read_processes()) {
    if (process.parent != self || dead(process) || is_worker(process.pid)) continue;
    kill_tree(process.pid);
  }
}

}  // namespace clutch::nursery
