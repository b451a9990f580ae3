#include "daemon.hpp"

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "clock.hpp"
#include "clutch/client.hpp"
#include "process.hpp"

namespace clutch::bench {
namespace {

constexpr auto start_timeout = std::chrono::seconds(60);

class Scratch {
 public:
  Scratch() : path_((std::filesystem::temp_directory_path() / "clutch-bench.XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), path_);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string endpoint() const { return "ipc://" + path_ + "/clutchd.sock"; }

 private:
  std::string path_;
};

std::vector<std::string> command(const std::string& endpoint, const PoolOptions& pool) {
  const auto program = std::filesystem::path(own_path()).parent_path() / "clutchd";
  if (!std::filesystem::exists(program)) throw std::runtime_error("there is no " + program.string());
  std::vector<std::string> words = {program.string(), "--listen", endpoint, "--log-level", "warning"};
  const auto set = [&](const std::string& key, const std::string& value) {
    words.insert(words.end(), {"--set", "pool.default." + key + "=" + value});
  };
  set("modules", "[\"" + pool.modules.front() + "\"]");
  set("path", "[\"" + pool.path.front().string() + "\"]");
  set("python", "\"" + pool.python + "\"");
  set("workers", std::to_string(pool.workers));
  set("spares", std::to_string(pool.spares));
  set("restarts_max", std::to_string(pool.restarts_max));
  set("concurrency", std::to_string(pool.concurrency));
  set("uvloop", pool.uvloop ? "true" : "false");
  return words;
}

class Connected : public Service {
 public:
  Connected(Client client, std::string endpoint) : client_(std::move(client)), endpoint_(std::move(endpoint)) {}
  [[nodiscard]] const Caller& caller() const override { return client_; }
  [[nodiscard]] pid_t daemon_pid() const override { return 0; }
  [[nodiscard]] std::string endpoint() const override { return endpoint_; }

 private:
  Client client_;
  std::string endpoint_;
};

Client connect_once_it_listens(Child& daemon, const std::string& endpoint) {
  for (const auto start = Clock::now();;) {
    auto client = Client::connect(endpoint);
    if (client) return std::move(client).value();
    if (!daemon.is_running()) throw std::runtime_error("clutchd did not start");
    if (Clock::now() - start > start_timeout) throw std::runtime_error(describe(client.error()));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

class Daemon final : public Service {
 public:
  explicit Daemon(const PoolOptions& pool)
      : child_(command(scratch_.endpoint(), pool)),
        client_(std::in_place, connect_once_it_listens(child_, scratch_.endpoint()), scratch_.endpoint()) {}
  ~Daemon() override {
    client_.reset();
    child_.terminate();
  }
  [[nodiscard]] const Caller& caller() const override { return client_->caller(); }
  [[nodiscard]] pid_t daemon_pid() const override { return child_.pid(); }
  [[nodiscard]] std::string endpoint() const override { return scratch_.endpoint(); }

 private:
  Scratch scratch_;
  Child child_;
  std::optional<Connected> client_;
};

}  // namespace

std::unique_ptr<Service> start_daemon(const PoolOptions& pool) { return std::make_unique<Daemon>(pool); }

std::unique_ptr<Service> connect_daemon(const std::string& endpoint) {
  return std::make_unique<Connected>(Client::connect(endpoint).value(), endpoint);
}

}  // namespace clutch::bench
