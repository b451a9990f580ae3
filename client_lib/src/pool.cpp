#include "clutch/pool.hpp"

#include "pool_engine.hpp"

namespace clutch {
namespace {

Error setup_error(std::string message) {
  Error error;
  error.code = Code::invalid_argument;
  error.stage = Stage::setup;
  error.message = std::move(message);
  return error;
}

}  // namespace

Pool::Pool(std::shared_ptr<detail::PoolEngine> engine) : Caller(engine, {}), engine_(std::move(engine)) {}

Result<Pool> Pool::start(PoolOptions options) {
  if (options.modules.empty()) return setup_error("a pool needs at least one module: `modules` is empty");
  try {
    auto engine = std::make_shared<detail::PoolEngine>(options);
    if (auto error = engine->start()) return std::move(*error);
    return Pool(std::move(engine));
  } catch (const std::exception& error) {
    return setup_error(std::string("the pool cannot be started: ") + error.what());
  }
}

Pool::~Pool() {
  if (engine_) engine_->stop(engine_->stop_timeout(), true);
}

Pool::Pool(Pool&&) noexcept = default;

Pool& Pool::operator=(Pool&& other) noexcept {
  if (this != &other) {
    if (engine_) engine_->stop(engine_->stop_timeout(), true);
    Caller::operator=(std::move(other));
    engine_ = std::move(other.engine_);  // NOLINT(bugprone-use-after-move): the base took its own part
  }
  return *this;
}

std::vector<WorkerInfo> Pool::workers() const { return engine_ ? engine_->workers() : std::vector<WorkerInfo>(); }

std::vector<QuarantinedCall> Pool::quarantine() const {
  return engine_ ? engine_->quarantine() : std::vector<QuarantinedCall>();
}

bool Pool::lift_quarantine(const std::string& fingerprint) { return engine_ && engine_->lift_quarantine(fingerprint); }

std::map<std::string, std::uint64_t> Pool::ends() const {
  return engine_ ? engine_->ends() : std::map<std::string, std::uint64_t>();
}

Result<void> Pool::reload() {
  if (!engine_) throw misuse("reload() of a Pool that was moved from");
  if (auto error = engine_->reload()) return std::move(*error);
  return {};
}

int Pool::nursery_pid() const { return engine_ ? engine_->nursery_pid() : 0; }

FunctionList Pool::functions() const { return engine_ ? engine_->functions() : FunctionList(); }

bool Pool::stop(std::chrono::nanoseconds timeout) { return !engine_ || engine_->stop(timeout, false); }

}  // namespace clutch
