#include "service.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "clutch/pool.hpp"
#include "daemon.hpp"
#include "process.hpp"

namespace clutch::bench {
namespace {

PoolOptions pool_options(const Settings& settings, const ServiceOptions& options) {
  PoolOptions pool;
  pool.modules = {"bench_functions"};
  pool.path = {CLUTCH_BENCH_PYTHON};
  pool.python = python(settings);
  pool.workers = options.workers;
  pool.spares = options.spares;
  pool.restarts_max = 0;
  pool.concurrency = options.concurrency;
  pool.uvloop = options.uvloop;
  return pool;
}

class Embedded final : public Service {
 public:
  explicit Embedded(const PoolOptions& options) : pool_(Pool::start(options).value()) {}
  [[nodiscard]] const Caller& caller() const override { return pool_; }
  [[nodiscard]] pid_t daemon_pid() const override { return 0; }
  [[nodiscard]] std::string endpoint() const override { return {}; }

 private:
  Pool pool_;
};

}  // namespace

std::unique_ptr<Service> Service::start(const Settings& settings, const ServiceOptions& options) {
  const auto pool = pool_options(settings, options);
  return settings.daemon ? start_daemon(pool) : std::make_unique<Embedded>(pool);
}

std::unique_ptr<Service> Service::open(const Settings& settings, const std::string& endpoint,
                                       const ServiceOptions& options) {
  return endpoint.empty() ? std::make_unique<Embedded>(pool_options(settings, options)) : connect_daemon(endpoint);
}

std::vector<std::string> child_command(const Settings& settings, const std::string& child,
                                       const std::string& endpoint) {
  std::vector<std::string> command = {own_path(), "--child", child, "--python", python(settings)};
  if (!endpoint.empty()) command.insert(command.end(), {"--connect", endpoint});
  if (settings.quick) command.emplace_back("--quick");
  return command;
}

std::string python(const Settings& settings) {
  if (!settings.python.empty()) return settings.python;
  const char* environment = std::getenv("VIRTUAL_ENV");
  return environment != nullptr ? (std::filesystem::path(environment) / "bin/python").string() : "python3";
}

std::string script(const std::string& name) { return (std::filesystem::path(CLUTCH_BENCH_PYTHON) / name).string(); }

}  // namespace clutch::bench
