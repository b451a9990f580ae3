#include "target.hpp"

#include "clutch/client.hpp"
#include "clutch/pool.hpp"
#include "log.hpp"

namespace clutch::cli {
namespace {

constexpr auto hurried_stop = std::chrono::milliseconds(500);

class PoolTarget final : public Target {
 public:
  explicit PoolTarget(Pool pool) : pool_(std::move(pool)) {}
  [[nodiscard]] const Caller& caller() const override { return pool_; }
  [[nodiscard]] Result<FunctionList> functions() override { return pool_.functions(); }
  [[nodiscard]] Result<Value> processes() override { throw misuse("a pool of one's own has no `ps`"); }
  [[nodiscard]] Result<Value> quarantine() override { throw misuse("a pool of one's own is asked by its program"); }
  [[nodiscard]] Result<Value> command(const std::string&, Value::Map) override {
    throw misuse("a pool of one's own has no commands");
  }
  void hurry() override { static_cast<void>(pool_.stop(hurried_stop)); }

 private:
  Pool pool_;
};

class DaemonTarget final : public Target {
 public:
  explicit DaemonTarget(Client client) : client_(std::move(client)) {}
  [[nodiscard]] const Caller& caller() const override { return client_; }
  [[nodiscard]] Result<FunctionList> functions() override { return client_.functions(); }
  [[nodiscard]] Result<Value> processes() override { return client_.query("ps").get(); }
  [[nodiscard]] Result<Value> quarantine() override { return client_.query("quarantine").get(); }
  [[nodiscard]] Result<Value> command(const std::string& name, Value::Map arguments) override {
    return client_.command(name, std::move(arguments)).get();
  }
  void hurry() override {}

 private:
  Client client_;
};

PoolOptions pool_options(const Options& options) {
  PoolOptions pool = options.target.pool;
  if (pool.modules.empty()) pool.modules.push_back(options.function.substr(0, options.function.rfind('.')));
  const auto logging = pool_logging(options);
  pool.log = logging.sink;
  pool.output_bytes_per_second = 0;  // what the functions print is for whoever sits there
  pool.log_level = logging.level;
  return pool;
}

Result<std::unique_ptr<Target>> start_pool(const Options& options) {
  auto pool = Pool::start(pool_options(options));
  if (!pool) return pool.error();
  return std::unique_ptr<Target>(std::make_unique<PoolTarget>(std::move(pool).value()));
}

Result<std::unique_ptr<Target>> connect(const Options& options) {
  ClientOptions wanted;
  // That the daemon goes is what `drain` asked for.
  if (options.command != Command::drain) wanted.log = pool_logging(options).sink;
  const std::string& endpoint = *options.target.endpoint;
  auto client = endpoint.empty() ? Client::connect(std::move(wanted)) : Client::connect(endpoint, std::move(wanted));
  if (!client) return client.error();
  return std::unique_ptr<Target>(std::make_unique<DaemonTarget>(std::move(client).value()));
}

}  // namespace

Result<std::unique_ptr<Target>> open_target(const Options& options) {
  return options.target.endpoint ? connect(options) : start_pool(options);
}

}  // namespace clutch::cli
