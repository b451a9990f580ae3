#include "support.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/paths.hpp"

namespace clutch::daemon_test {
namespace {

constexpr auto patience = 60s;

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> all;
  for (auto& each : strings) all.push_back(each.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "clutchd-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Scratch::write(const std::string& name, const std::string& text) const {
  auto path = *this / name;
  std::ofstream(path) << text;
  return path;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(text_of(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

bool eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

Process::Process(const std::vector<std::string>& command, std::string output,
                 const std::vector<std::string>& environment)
    : output_(std::move(output)) {
  auto arguments = command;
  auto variables = environment;
  for (char** each = environ; *each != nullptr; ++each) variables.emplace_back(*each);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 1, output_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  const int failed =
      ::posix_spawn(&pid_, command[0].c_str(), &files, nullptr, pointers(arguments).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) throw std::runtime_error("cannot start " + command[0]);
}

Process::~Process() {
  if (status_) return;
  ::kill(pid_, SIGCONT);
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const { ::kill(pid_, number); }

int Process::wait() {
  if (status_) return *status_;
  int status = 0;
  const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
  EXPECT_TRUE(ended) << "the process did not end: " << output();
  if (!ended) return -1;
  status_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  return *status_;
}

bool Process::says(const std::string& text) const {
  return eventually([&] { return output().find(text) != std::string::npos || ::kill(pid_, 0) != 0; }) &&
         output().find(text) != std::string::npos;
}

std::size_t Process::rss_bytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::string main_pool(const std::string& more) {
  return "[pool.main]\nmodules = [\"depot\"]\npath = [\"" +
         (test::source_directory() / "tests/daemon/python").string() + "\"]\npython = \"" + test::python().string() +
         "\"\n" + more;
}

Daemon::Daemon(const std::string& config, const std::vector<std::string>& environment)
    : endpoint_("ipc://" + (scratch_ / "run/clutchd.sock")), environment_(environment) {
  static_cast<void>(scratch_.write("clutch.toml", "listen = \"" + endpoint_ + "\"\n" + config));
  start();
}

void Daemon::start() {
  const auto log = scratch_ / ("log-" + std::to_string(starts_++));
  process_ = std::make_unique<Process>(
      std::vector<std::string>{test::program_directory() / "clutchd", "--config", config_path()}, log, environment_);
  if (!process_->says("ready: listening at")) throw std::runtime_error("clutchd did not start: " + process_->output());
}

void Daemon::start_again() {
  process_->wait();
  start();
}

Client Daemon::connect(ClientOptions options) const {
  auto client = Client::connect(endpoint_, std::move(options));
  if (!client) throw std::runtime_error(describe(client.error()));
  return std::move(client).value();
}

std::unique_ptr<Process> start_peer(const Daemon& daemon, const std::vector<std::string>& arguments,
                                    const std::string& output) {
  std::vector<std::string> command = {DAEMON_PEER_PROGRAM, daemon.endpoint()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return std::make_unique<Process>(command, daemon.scratch() / output);
}

}  // namespace clutch::daemon_test
