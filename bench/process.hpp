// Programs that the benchmark starts, and what the kernel knows of a process.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace clutch::bench {

/// A program with pipes at its stdin and stdout; found on PATH. Killed and reaped when destroyed. Throws where it
/// cannot start or ends before it said what it was asked for.
class Child {
 public:
  explicit Child(std::vector<std::string> command);
  ~Child();
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;

  /// The next line of its stdout, without the newline.
  std::string line();
  void say(const std::string& text);
  /// All that is left of its stdout; returns once it has ended. Throws where its status is not 0.
  std::string finish();
  [[nodiscard]] bool is_running() const;
  /// Asks by SIGTERM, and waits for it.
  void terminate();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  bool read_some();
  int reap();

  std::string name_;
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string buffer_;
};

/// Its stdout, once it has ended well.
std::string output_of(std::vector<std::string> command);

[[nodiscard]] double resident_mib(pid_t pid);
/// Of all its threads, to the nanosecond (/proc/PID/stat counts in steps of 10 ms).
[[nodiscard]] double cpu_seconds(pid_t pid);
[[nodiscard]] pid_t parent_of(pid_t pid);

/// The path of this program.
[[nodiscard]] std::string own_path();

}  // namespace clutch::bench
