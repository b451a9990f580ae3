#include "daemon/config.hpp"

#include <sstream>

#include "daemon/config_table.hpp"
#include "io/endpoint.hpp"
#include "text/duration.hpp"

namespace clutch::daemon {
namespace {

namespace fs = std::filesystem;

LogLevel log_level_from(ConfigTable& table, const std::string& name) {
  for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    if (to_string(level) == name) return level;
  }
  table.fail("level", "must be \"debug\", \"info\", \"warning\" or \"error\"");
}

fs::path from(const fs::path& base, const std::string& path) { return (base / path).lexically_normal(); }

PoolOptions read_pool(const toml::table& toml, std::string_view name, const fs::path& base) {
  ConfigTable table(toml, "pool." + std::string(name));
  PoolOptions pool;
  std::vector<std::string> path;
  pool.name = name;
  table.read("modules", pool.modules);
  table.read("path", path);
  table.read("python", pool.python);
  table.read("workers", pool.workers, 1);
  table.read("spares", pool.spares, 0);
  table.read("restarts_max", pool.restarts_max, 0);
  table.read("restarts_within", pool.restarts_within);
  table.read("concurrency", pool.concurrency, 1);
  table.read("threads", pool.threads, 1);
  table.read("pool_concurrency", pool.pool_concurrency, 0);
  table.read("queued_calls_max", pool.queued_calls_max, 1);
  table.read("queued_bytes_max", pool.queued_bytes_max, 1);
  table.read("client_queued_calls_max", pool.client_queued_calls_max, 1);
  table.read("client_queued_bytes_max", pool.client_queued_bytes_max, 1);
  table.read("quarantine_after", pool.quarantine_after, 0);
  table.read("quarantine_ttl", pool.quarantine_ttl);
  table.read("idempotency_ttl", pool.idempotency_ttl);
  table.read("idempotency_keys_max", pool.idempotency_keys_max);
  table.read("idempotency_bytes_max", pool.idempotency_bytes_max);
  table.read("attempt_timeout", pool.attempt_timeout);
  table.read("start_timeout", pool.start_timeout);
  table.read("stop_timeout", pool.stop_timeout);
  table.read("cancel_grace", pool.cancel_grace);
  table.read("blocked_after", pool.blocked_after);
  table.read("stall_limit", pool.stall_limit);
  table.read("leaked_max", pool.leaked_max, 1);
  table.read("max_calls", pool.max_calls);
  table.read("max_age", pool.max_age);
  table.read("max_rss", pool.max_rss);
  table.read("env", pool.env);
  table.read("clean_env", pool.clean_env);
  table.read("library_threads", pool.library_threads, 0);
  table.read("cpus", pool.cpus);
  table.read("uvloop", pool.uvloop);
  table.read("output_bytes_per_second", pool.output_bytes_per_second, 0);
  table.read("memory_max", pool.memory_max);
  table.read("open_files", pool.open_files, 0);
  table.read("processes", pool.processes, 0);
  table.read("user", pool.user);
  table.read("group", pool.group);
  table.read("no_new_privs", pool.no_new_privs);
  table.refuse_others();
  if (pool.modules.empty()) table.fail("modules", "must name at least one module, for instance [\"async_module\"]");
  for (const auto& directory : path) pool.path.push_back(from(base, directory));
  if (pool.python.find('/') != std::string::npos) pool.python = from(base, pool.python).string();
  return pool;
}

Config read_config(const toml::table& toml, const fs::path& base) {
  Config config;
  ConfigTable table(toml, "");
  table.read("listen", config.listen);
  if (config.listen.empty()) config.listen = io::default_endpoint();
  try {
    static_cast<void>(io::socket_path_of(config.listen));
  } catch (const std::runtime_error& error) {
    table.fail("listen", std::string("will not do: ") + error.what());
  }
  if (const auto* found = table.table("log")) {
    ConfigTable log(*found, "log");
    std::string level(to_string(config.log_level));
    std::string file;
    log.read("level", level);
    log.read("file", file);
    log.refuse_others();
    config.log_level = log_level_from(log, level);
    if (!file.empty()) config.log_file = from(base, file);
  }
  if (const auto* found = table.table("clients")) {
    ConfigTable clients(*found, "clients");
    clients.read("stalled_timeout", config.stalled_timeout);
    clients.refuse_others();
  }
  const auto* pools = table.table("pool");
  table.refuse_others();
  if (pools == nullptr || pools->empty()) {
    throw ConfigError("there is no pool: the configuration needs a table [pool.NAME] with at least `modules`");
  }
  for (const auto& [name, pool] : *pools) {
    if (!pool.is_table()) throw ConfigError("`pool." + std::string(name.str()) + "` must be a table: [pool.NAME]");
    config.pools.push_back(read_pool(*pool.as_table(), name.str(), base));
  }
  return config;
}

// toml++ says where in its own words; ours are FILE:LINE.
[[noreturn]] void rethrow(const toml::parse_error& error, const std::string& name) {
  throw ConfigError(name + ":" + std::to_string(error.source().begin.line) +
                    ": this is not TOML: " + std::string(error.description()));
}

void merge(toml::table& into, toml::table& from) {
  for (auto& [key, node] : from) {
    auto* both = into[key].as_table();
    if (both != nullptr && node.is_table()) {
      merge(*both, *node.as_table());
    } else {
      into.insert_or_assign(key, std::move(node));
    }
  }
}

void assign(toml::table& config, const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw ConfigError("--set takes KEY=VALUE, for instance pool.default.workers=4; this is `" + assignment + "`");
  }
  const auto key = assignment.substr(0, equals);
  const auto value = assignment.substr(equals + 1);
  toml::table parsed;
  try {
    parsed = toml::parse(key + " = " + value, std::string("--set"));
  } catch (const toml::parse_error&) {
    try {  // what is no TOML value is a text
      std::ostringstream text;
      text << toml::value<std::string>(value);
      parsed = toml::parse(key + " = " + text.str(), std::string("--set"));
    } catch (const toml::parse_error& error) {
      rethrow(error, "--set " + assignment);
    }
  }
  merge(config, parsed);
}

toml::array strings(const std::vector<std::string>& from) {
  toml::array array;
  for (const auto& each : from) array.push_back(each);
  return array;
}

toml::table table_of(const PoolOptions& pool) {
  toml::table table;
  std::vector<std::string> path;
  for (const auto& each : pool.path) path.push_back(each.string());
  toml::table env;
  for (const auto& [name, value] : pool.env) env.insert(name, value);
  toml::array cpus;
  for (const auto& worker : pool.cpus) {
    toml::array of_worker;
    for (const auto cpu : worker) of_worker.push_back(static_cast<std::int64_t>(cpu));
    cpus.push_back(std::move(of_worker));
  }
  const auto number = [&table](std::string_view key, std::uint64_t value) {
    table.insert(key, static_cast<std::int64_t>(value));
  };
  table.insert("modules", strings(pool.modules));
  table.insert("path", strings(path));
  table.insert("python", pool.python);
  number("workers", pool.workers);
  number("spares", pool.spares);
  number("restarts_max", pool.restarts_max);
  table.insert("restarts_within", text::format_duration(pool.restarts_within));
  number("concurrency", pool.concurrency);
  number("threads", pool.threads);
  number("pool_concurrency", pool.pool_concurrency);
  number("queued_calls_max", pool.queued_calls_max);
  number("queued_bytes_max", pool.queued_bytes_max);
  number("client_queued_calls_max", pool.client_queued_calls_max);
  number("client_queued_bytes_max", pool.client_queued_bytes_max);
  number("quarantine_after", pool.quarantine_after);
  table.insert("quarantine_ttl", text::format_duration(pool.quarantine_ttl));
  table.insert("idempotency_ttl", text::format_duration(pool.idempotency_ttl));
  number("idempotency_keys_max", pool.idempotency_keys_max);
  number("idempotency_bytes_max", pool.idempotency_bytes_max);
  table.insert("attempt_timeout", text::format_duration(pool.attempt_timeout));
  table.insert("start_timeout", text::format_duration(pool.start_timeout));
  table.insert("stop_timeout", text::format_duration(pool.stop_timeout));
  table.insert("cancel_grace", text::format_duration(pool.cancel_grace));
  table.insert("blocked_after", text::format_duration(pool.blocked_after));
  table.insert("stall_limit", text::format_duration(pool.stall_limit));
  number("leaked_max", pool.leaked_max);
  table.insert("max_calls", static_cast<std::int64_t>(pool.max_calls));
  table.insert("max_age", text::format_duration(pool.max_age));
  table.insert("max_rss", static_cast<std::int64_t>(pool.max_rss));
  table.insert("env", std::move(env));
  table.insert("clean_env", pool.clean_env);
  number("library_threads", pool.library_threads);
  table.insert("cpus", std::move(cpus));
  table.insert("uvloop", pool.uvloop);
  number("output_bytes_per_second", pool.output_bytes_per_second);
  table.insert("memory_max", static_cast<std::int64_t>(pool.memory_max));
  number("open_files", pool.open_files);
  number("processes", pool.processes);
  table.insert("user", pool.user);
  table.insert("group", pool.group);
  table.insert("no_new_privs", pool.no_new_privs);
  return table;
}

}  // namespace

Config load_config(const ConfigSources& sources) {
  toml::table toml;
  fs::path base = fs::current_path();
  if (!sources.file.empty()) {
    std::error_code error;
    if (!fs::is_regular_file(sources.file, error)) {
      throw ConfigError("there is no configuration file " + sources.file.string());
    }
    try {
      toml = toml::parse_file(sources.file.string());
    } catch (const toml::parse_error& parse_error) {
      rethrow(parse_error, sources.file.string());
    }
    base = fs::absolute(sources.file).parent_path();
  }
  for (const auto& assignment : sources.assignments) assign(toml, assignment);
  return read_config(toml, base);
}

std::string to_toml(const Config& config) {
  toml::table pools;
  for (const auto& pool : config.pools) pools.insert(pool.name, table_of(pool));
  toml::table table;
  table.insert("listen", config.listen);
  table.insert("log", toml::table{{"level", to_string(config.log_level)}, {"file", config.log_file.string()}});
  table.insert("clients", toml::table{{"stalled_timeout", text::format_duration(config.stalled_timeout)}});
  table.insert("pool", std::move(pools));
  std::ostringstream text;
  text << table << "\n";
  return text.str();
}

}  // namespace clutch::daemon
