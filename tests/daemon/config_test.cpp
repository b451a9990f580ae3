#include "daemon/config.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "support/paths.hpp"

namespace clutch::daemon {
namespace {

using namespace std::chrono_literals;

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() {
    std::string name = (std::filesystem::temp_directory_path() / "clutch-config-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~ConfigFile() override { std::filesystem::remove_all(directory_); }

  Config load(const std::string& text, std::vector<std::string> assignments = {}) {
    std::ofstream(directory_ / "c.toml") << text;
    return load_config({directory_ / "c.toml", std::move(assignments)});
  }
  /// What is said of it, without the directory.
  std::string complaint(const std::string& text, std::vector<std::string> assignments = {}) {
    try {
      static_cast<void>(load(text, std::move(assignments)));
    } catch (const ConfigError& error) {
      std::string what = error.what();
      const auto at = what.find(directory_.string() + "/");
      return at == std::string::npos ? what : what.erase(at, directory_.string().size() + 1);
    }
    return "nothing";
  }

  std::filesystem::path directory_;
};

constexpr auto least = "[pool.main]\nmodules = [\"shop\"]\n";

TEST_F(ConfigFile, ReadsEveryKey) {
  const auto config = load(R"(
listen = "ipc:///tmp/x/y.sock"
[log]
level = "debug"
file = "d.log"
[clients]
stalled_timeout = "10s"
[pool.main]
modules = ["shop", "bank"]
path = ["src", "/abs"]
python = ".venv/bin/python"
workers = 3
concurrency = 10
threads = 4
pool_concurrency = 25
queued_calls_max = 1000
queued_bytes_max = 5000000000
client_queued_calls_max = 100
quarantine_after = 5
quarantine_ttl = "1m"
idempotency_ttl = "2h"
idempotency_keys_max = 50
idempotency_bytes_max = 1000
client_queued_bytes_max = 1000000
attempt_timeout = "500ms"
start_timeout = "2m"
stop_timeout = "1.5s"
cancel_grace = "1s"
blocked_after = "300ms"
stall_limit = "1m"
leaked_max = 9
env = { A = "b" }
clean_env = true
library_threads = 2
cpus = [[0, 1], [2]]
uvloop = true
max_calls = 5
max_age = "1h"
max_rss = 8000000000
)");
  EXPECT_EQ(config.listen, "ipc:///tmp/x/y.sock");
  EXPECT_EQ(config.log_level, LogLevel::debug);
  EXPECT_EQ(config.log_file, directory_ / "d.log");
  EXPECT_EQ(config.stalled_timeout, 10s);
  ASSERT_EQ(config.pools.size(), 1u);
  const auto& pool = config.pools[0];
  EXPECT_EQ(pool.name, "main");
  EXPECT_EQ(pool.modules, (std::vector<std::string>{"shop", "bank"}));
  EXPECT_EQ(pool.path, (std::vector<std::filesystem::path>{directory_ / "src", "/abs"}));
  EXPECT_EQ(pool.python, (directory_ / ".venv/bin/python").string());
  EXPECT_EQ(pool.workers, 3u);
  EXPECT_EQ(pool.concurrency, 10u);
  EXPECT_EQ(pool.threads, 4u);
  EXPECT_EQ(pool.attempt_timeout, 500ms);
  EXPECT_EQ(pool.start_timeout, 2min);
  EXPECT_EQ(pool.stop_timeout, 1500ms);
  EXPECT_EQ(pool.cancel_grace, 1s);
  EXPECT_EQ(pool.blocked_after, 300ms);
  EXPECT_EQ(pool.stall_limit, 1min);
  EXPECT_EQ(pool.leaked_max, 9u);
  EXPECT_EQ(pool.pool_concurrency, 25u);
  EXPECT_EQ(pool.queued_calls_max, 1000u);
  EXPECT_EQ(pool.queued_bytes_max, 5'000'000'000u);
  EXPECT_EQ(pool.client_queued_calls_max, 100u);
  EXPECT_EQ(pool.quarantine_after, 5u);
  EXPECT_EQ(pool.quarantine_ttl, 1min);
  EXPECT_EQ(pool.idempotency_ttl, 2h);
  EXPECT_EQ(pool.idempotency_keys_max, 50u);
  EXPECT_EQ(pool.idempotency_bytes_max, 1000u);
  EXPECT_EQ(pool.client_queued_bytes_max, 1'000'000u);
  EXPECT_EQ(pool.env, (std::map<std::string, std::string>{{"A", "b"}}));
  EXPECT_TRUE(pool.clean_env);
  EXPECT_EQ(pool.library_threads, 2u);
  EXPECT_EQ(pool.cpus, (std::vector<std::vector<std::uint32_t>>{{0, 1}, {2}}));
  EXPECT_TRUE(pool.uvloop);
  EXPECT_EQ(pool.max_calls, 5u);
  EXPECT_EQ(pool.max_age, 1h);
  EXPECT_EQ(pool.max_rss, 8'000'000'000u);
}

TEST_F(ConfigFile, WhatItPrintsMeansTheSame) {
  const auto config = load(least, {"pool.main.workers=7", "pool.main.env.A=b", "pool.main.cpus=[[1]]"});
  EXPECT_EQ(to_toml(load(to_toml(config))), to_toml(config));
}

TEST_F(ConfigFile, FlagsGoOverTheFile) {
  const auto config =
      load(std::string("listen = \"ipc:///tmp/a/b\"\n") + least,
           {"listen=ipc:///tmp/c/d", "pool.main.workers=4", "pool.main.stop_timeout=1s", "log.level=error"});
  EXPECT_EQ(config.listen, "ipc:///tmp/c/d");
  EXPECT_EQ(config.pools[0].workers, 4u);
  EXPECT_EQ(config.pools[0].stop_timeout, 1s);
  EXPECT_EQ(config.log_level, LogLevel::error);
}

TEST_F(ConfigFile, AnUnknownKeyIsToldWithItsLineAndASuggestion) {
  EXPECT_EQ(complaint(std::string(least) + "worker = 2\n"),
            "c.toml:3: `pool.main.worker` is not a key: did you mean `pool.main.workers`?");
  EXPECT_EQ(complaint(std::string("lissen = \"x\"\n") + least),
            "c.toml:1: `lissen` is not a key: did you mean `listen`?");
  EXPECT_EQ(complaint(std::string(least) + "[log]\ncolour = 1\n"),
            "c.toml:4: `log.colour` is not a key: there are `level`, `file`");
}

TEST_F(ConfigFile, AWrongValueIsToldWithItsLine) {
  EXPECT_EQ(complaint(std::string(least) + "workers = 0\n"), "c.toml:3: `pool.main.workers` must be at least 1");
  EXPECT_EQ(complaint(std::string(least) + "workers = \"4\"\n"),
            "c.toml:3: `pool.main.workers` must be a whole number, 0 or more");
  EXPECT_EQ(complaint(std::string(least) + "stop_timeout = 10\n"),
            "c.toml:3: `pool.main.stop_timeout` must be a duration in quotes, for instance \"30s\" or \"500ms\"");
  EXPECT_NE(complaint(std::string("listen = \"tcp://*:1\"\n") + least).find("c.toml:1: `listen` will not do"),
            std::string::npos);
  EXPECT_NE(complaint("listen = \"ipc:///" + std::string(120, 'x') + "\"\n" + least).find("at most 107"),
            std::string::npos);
  EXPECT_NE(complaint("[pool.main\n").find("c.toml:1: this is not TOML"), std::string::npos)
      << complaint("[pool.main\n");
  EXPECT_NE(complaint("[pool.main]\n").find("`pool.main.modules` must name"), std::string::npos);
  EXPECT_NE(complaint("").find("there is no pool"), std::string::npos);
  EXPECT_NE(complaint(least, {"nonsense"}).find("--set takes KEY=VALUE"), std::string::npos);
}

Config defaults_of_a_file() { return load_config({{}, {"pool.main.modules=[\"shop\"]"}}); }

TEST(ExampleConfig, ShowsTheDefaults) {
  const auto config = load_config({test::source_directory() / "examples/clutch.toml", {}});
  ASSERT_EQ(config.pools.size(), 1u);
  auto as_default = config;
  const PoolOptions defaults;
  as_default.pools[0].modules = {"shop"};
  as_default.pools[0].name = "main";
  as_default.pools[0].path = defaults.path;
  as_default.pools[0].workers = defaults.workers;
  EXPECT_EQ(to_toml(as_default), to_toml(defaults_of_a_file())) << "it says that it shows the defaults";
}

// | `key` | default | …: what stands there must be a key, each must be there, and its default be the default.
TEST(ConfigurationPage, HasEveryKeyAndItsDefault) {
  std::ifstream page(test::source_directory() / "docs/configuration.md");
  std::string pool = "modules = [\"shop\"]\n";
  std::string top;
  std::set<std::string> documented;
  for (std::string line; std::getline(page, line);) {
    static const std::regex row("\\| `([a-z_.]+)` \\| (?:`(.*?)`)? *\\|.*");
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    const auto key = match[1].str();
    documented.insert(key);
    if (!match[2].matched || key == "modules") continue;
    (key.find('.') == std::string::npos ? pool : top) += key + " = " + match[2].str() + "\n";
  }
  std::set<std::string> keys;
  std::string table;
  std::istringstream printed(to_toml(defaults_of_a_file()));
  for (std::string line; std::getline(printed, line);) {
    line.erase(0, line.find_first_not_of(' '));
    if (line.starts_with("[pool.main.")) {
      keys.insert(line.substr(11, line.size() - 12));
    } else if (line.starts_with('[')) {
      table = line == "[pool.main]" ? "" : line.substr(1, line.size() - 2) + ".";
    } else if (line.find(" = ") != std::string::npos) {
      keys.insert(table + line.substr(0, line.find(" = ")));
    }
  }
  EXPECT_EQ(documented, keys);
  const auto path = std::filesystem::temp_directory_path() / ("clutch-page-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(path) << top << "[pool.main]\n" << pool;
  EXPECT_EQ(to_toml(load_config({path, {}})), to_toml(defaults_of_a_file()));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace clutch::daemon
