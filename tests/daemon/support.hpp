// What the daemon's tests share: real clutchd processes with real workers, peers, and a directory of their own.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <clutch/client.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace clutch::daemon_test {

using namespace std::chrono_literals;

/// A directory that is removed with all that is in it.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string text_of(const std::string& path);
[[nodiscard]] std::vector<std::string> lines_of(const std::string& path);
/// Waits until `holds`, looking every few milliseconds; false after twenty seconds.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);

/// A program that was started, its output in a file. Killed when the test ends.
class Process {
 public:
  Process(const std::vector<std::string>& command, std::string output,
          const std::vector<std::string>& environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  /// Its exit status, or minus the signal that killed it. Fails the test after thirty seconds.
  int wait();
  [[nodiscard]] std::string output() const { return text_of(output_); }
  /// Until the output has this.
  [[nodiscard]] bool says(const std::string& text) const;
  [[nodiscard]] std::size_t rss_bytes() const;

 private:
  pid_t pid_ = -1;
  std::string output_;
  std::optional<int> status_;
};

/// `[pool.main]` with depot and the tests' Python, and what is added.
[[nodiscard]] std::string main_pool(const std::string& more = "");

/// A daemon with a configuration of its own, listening at a socket of its own.
class Daemon {
 public:
  explicit Daemon(const std::string& config = main_pool(), const std::vector<std::string>& environment = {});

  [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] Process& process() noexcept { return *process_; }
  [[nodiscard]] const Scratch& scratch() const noexcept { return scratch_; }
  [[nodiscard]] std::string config_path() const { return scratch_ / "clutch.toml"; }
  [[nodiscard]] Client connect(ClientOptions options = {}) const;
  /// A new process in the place of one that ended.
  void start_again();

 private:
  void start();

  Scratch scratch_;
  std::string endpoint_;
  std::vector<std::string> environment_;
  int starts_ = 0;
  std::unique_ptr<Process> process_;
};

/// A program of its own with a clutch::Client (peer.cpp).
[[nodiscard]] std::unique_ptr<Process> start_peer(const Daemon& daemon, const std::vector<std::string>& arguments,
                                                  const std::string& output);

/// Ends as this, or shows the whole story.
#define EXPECT_FAILS(result, expected_code, expected_certainty)                                        \
  do {                                                                                                 \
    const auto& checked = (result);                                                                    \
    ASSERT_FALSE(checked.ok());                                                                        \
    EXPECT_EQ(to_string(checked.error().code), #expected_code) << describe(checked.error());           \
    EXPECT_EQ(to_string(checked.error().certainty), #expected_certainty) << describe(checked.error()); \
  } while (false)

#define EXPECT_VALUE(result, expected)                      \
  do {                                                      \
    const auto& checked = (result);                         \
    ASSERT_TRUE(checked.ok()) << describe(checked.error()); \
    EXPECT_EQ(checked.value(), expected);                   \
  } while (false)

}  // namespace clutch::daemon_test
