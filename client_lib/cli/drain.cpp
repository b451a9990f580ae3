// `clutch drain`.
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "commands.hpp"
#include "exit_code.hpp"
#include "json.hpp"

namespace clutch::cli {
namespace {

constexpr int end_max_ms = 15'000;  // workers that were told to end have their own bounds

std::uint64_t number(const Value& map, std::string_view key) {
  const auto* value = map.find(key);
  const auto got = value != nullptr ? value->to<std::uint64_t>() : Result<std::uint64_t>(0);
  return got ? got.value() : 0;
}

// A daemon in another pid namespace cannot be waited for: it is as good as gone.
void wait_until_gone(std::uint64_t pid) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
  if (fd < 0) return;
  pollfd one{fd, POLLIN, 0};
  ::poll(&one, 1, end_max_ms);
  ::close(fd);
}

}  // namespace

int drain_daemon(const Options& options, std::unique_ptr<Target> target) {
  const auto done = target->command("drain");
  if (!done) return report(options, done.error(), Exit::failed);
  target.reset();
  const auto pid = number(done.value(), "pid");
  const auto lost = number(done.value(), "lost");
  wait_until_gone(pid);
  const auto said = lost == 0 ? fmt::format("the daemon (pid {}) has ended", pid)
                              : fmt::format(
                                    "the daemon (pid {}) has ended; {} call(s) were lost with their workers, "
                                    "its log names those that were cut short",
                                    pid, lost);
  const int printed = print(options.json ? to_json(success(done.value())) : said);
  return printed == Exit::done && lost != 0 ? Exit::failed : printed;
}

}  // namespace clutch::cli
