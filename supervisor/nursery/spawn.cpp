#include "spawn.hpp"

#if __has_include(<boost/process/v1/child.hpp>)
#include <boost/process/v1/child.hpp>
#include <boost/process/v1/extend.hpp>
namespace bp = boost::process::v1;
#else
#include <boost/process/child.hpp>
#include <boost/process/extend.hpp>
namespace bp = boost::process;
#endif

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <new>
#include <string_view>
#include <system_error>

namespace clutch::nursery {
namespace {

// Where a child's preparation failed. It lies in memory shared with the child: `set_error` of Boost 1.74, called in the
// child, writes in three parts what the parent reads as one, and goes on to exec.
struct Failure {
  const char* step = nullptr;  // a literal, so valid in both
  int error = 0;
};

Failure& shared_failure() {
  static auto* const failure = [] {
    void* const page = ::mmap(nullptr, sizeof(Failure), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    return new (page) Failure;
  }();
  return *failure;
}

// All that the child needs, computed before the fork: it allocates nothing.
struct Plan {
  pid_t nursery = 0;
  std::string program;
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::array<int, worker_fds> sources{};  // position: the number in the worker
  const char* working_directory = nullptr;
  std::vector<ResourceLimit> limits;
  bool has_credentials = false;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;
  bool no_new_privs = false;
  bool pinned = false;
  cpu_set_t cpus{};
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));  // execve's signature
  result.push_back(nullptr);
  return result;
}

// A name without a slash is looked up in the PATH that the worker will have. Not found: as it is, and execve says so.
std::string resolve(const WorkerRequest& request) {
  const std::string& name = request.argv[0];
  if (name.find('/') != std::string::npos) return name;
  std::string_view path = "/usr/local/bin:/usr/bin:/bin";
  for (const std::string& entry : request.environment)
    if (entry.starts_with("PATH=")) path = std::string_view(entry).substr(5);
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(path.size(), folder.size() + 1));
    if (folder.empty() || folder.front() != '/') continue;
    const std::string candidate = std::string(folder) + '/' + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return name;
}

Plan make_plan(const WorkerRequest& request, const std::vector<OwnedFd>& fds) {
  Plan plan;
  plan.nursery = ::getpid();
  plan.program = resolve(request);
  plan.argv = pointers(request.argv);
  plan.environment = pointers(request.environment);
  // Number 0 of this process is /dev/null too (reserve_worker_fds).
  plan.sources = {STDIN_FILENO, fds[4].get(), fds[5].get(), fds[0].get(), fds[1].get(), fds[2].get(), fds[3].get()};
  if (!request.working_directory.empty()) plan.working_directory = request.working_directory.c_str();
  plan.limits = request.access.limits;
  if (const auto& credentials = request.access.credentials) {
    plan.has_credentials = true;
    plan.user = credentials->user;
    plan.group = credentials->group;
    plan.groups.assign(credentials->groups.begin(), credentials->groups.end());
  }
  plan.no_new_privs = request.access.no_new_privs;
  plan.pinned = !request.cpus.empty();
  CPU_ZERO(&plan.cpus);
  for (const std::uint32_t cpu : request.cpus) CPU_SET(cpu, &plan.cpus);
  return plan;
}

// ---- in the child, between fork and exec: async-signal-safe calls only ----

[[noreturn]] void give_up(Failure& failure, const char* step) {
  failure.error = errno;
  failure.step = step;
  ::_exit(127);
}

// Limits first: what they forbid the other user may be allowed to this one.
void restrict_access(const Plan& plan, Failure& failure) {
  for (const ResourceLimit& limit : plan.limits) {
    const rlimit both{limit.value, limit.value};
    if (::setrlimit(static_cast<__rlimit_resource>(limit.resource), &both) < 0)
      give_up(failure, "set the resource limits");
  }
  if (plan.has_credentials) {
    if (::setgroups(plan.groups.size(), plan.groups.data()) < 0) give_up(failure, "set the groups");
    if (::setresgid(plan.group, plan.group, plan.group) < 0) give_up(failure, "take the group");
    if (::setresuid(plan.user, plan.user, plan.user) < 0) give_up(failure, "take the user");
  }
  if (plan.no_new_privs && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) give_up(failure, "set no_new_privs");
}

// After the change of user, which would take the signal back.
void detach_from_nursery(const Plan& plan, Failure& failure) {
  if (::setsid() < 0) give_up(failure, "start a session");
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) give_up(failure, "set the parent-death signal");
  // A nursery that died before that call sends no signal.
  if (::getppid() != plan.nursery) ::_exit(127);
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) give_up(failure, "become a subreaper");
}

void place_fds(const Plan& plan, Failure& failure) {
  for (int number = 1; number < worker_fds; ++number)
    if (::dup2(plan.sources[static_cast<std::size_t>(number)], number) < 0) give_up(failure, "place the descriptors");
  // By number, since the list of what is open is never complete. Close-on-exec, since Boost's pipe must outlive this.
  if (::syscall(SYS_close_range, static_cast<unsigned>(worker_fds), ~0U, CLOSE_RANGE_CLOEXEC) < 0)
    give_up(failure, "close_range");
}

// By system call: the C library's sigaction refuses its own two signals, which its posix_spawn leaves ignored.
void reset_signals(Failure& failure) {
  constexpr std::size_t kernel_mask_bytes = (NSIG - 1) / 8;
  const std::array<unsigned long, 8> standard{};  // larger than the kernel's struct; all zeros is SIG_DFL
  for (int signal = 1; signal < NSIG; ++signal)   // fails for SIGKILL and SIGSTOP
    ::syscall(SYS_rt_sigaction, signal, standard.data(), nullptr, kernel_mask_bytes);
  sigset_t none;
  ::sigemptyset(&none);
  if (::sigprocmask(SIG_SETMASK, &none, nullptr) < 0) give_up(failure, "empty the signal mask");
}

void prepare_child(const Plan& plan, Failure& failure) {
  restrict_access(plan, failure);
  detach_from_nursery(plan, failure);
  place_fds(plan, failure);
  if (plan.pinned && ::sched_setaffinity(0, sizeof plan.cpus, &plan.cpus) < 0) give_up(failure, "set the cpu affinity");
  if (plan.working_directory && ::chdir(plan.working_directory) < 0) give_up(failure, "enter the working directory");
  reset_signals(failure);
}

// ---- in the nursery again ----

SpawnOutcome failed(int error, const std::string& what) {
  return {.pid = 0, .error = error, .text = what + ": " + std::generic_category().message(error)};
}

}  // namespace

void reserve_worker_fds() {
  int fd = -1;
  do {
    fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) throw std::system_error(errno, std::generic_category(), "/dev/null");
  } while (fd < worker_fds);
  ::close(fd);
}

SpawnOutcome spawn_worker(const WorkerRequest& request, const std::vector<OwnedFd>& fds) {
  Plan plan = make_plan(request, fds);
  Failure& failure = shared_failure();
  failure = {};
  std::error_code error;
  const auto set_program = [&plan](auto& executor) {
    executor.exe = plan.program.c_str();
    executor.cmd_line = plan.argv.data();
    executor.env = plan.environment.data();
  };
  bp::child child(
      bp::extend::on_setup = set_program, bp::extend::on_exec_setup = [&](auto&) { prepare_child(plan, failure); },
      error);
  const pid_t pid = child.valid() ? child.id() : 0;
  // At once: an attached child is waited for, or killed, by the destructor.
  child.detach();
  if (error) return failed(error.value(), "cannot run '" + plan.program + "'");
  if (failure.step) return failed(failure.error, std::string("cannot ") + failure.step + " of '" + plan.program + "'");
  if (pid <= 0) return failed(EAGAIN, "cannot run '" + plan.program + "'");
  return {.pid = pid, .error = 0, .text = {}};
}

}  // namespace clutch::nursery
