// The engine behind clutch::Pool: the supervisor's shell in this process, stepped by LoopEngine.
#pragma once

#include <condition_variable>

#include "clutch/pool.hpp"
#include "clutch/pool_options.hpp"
#include "clutch/result.hpp"
#include "io/pool_shell.hpp"
#include "loop_engine.hpp"

namespace clutch::detail {

class PoolEngine final : public LoopEngine {
 public:
  /// Throws std::exception where the pool cannot be set up; start() tells how the workers fared.
  explicit PoolEngine(const PoolOptions& options);
  ~PoolEngine() override;

  [[nodiscard]] std::optional<Error> start();
  [[nodiscard]] std::chrono::nanoseconds stop_timeout() const noexcept { return options_.stop_timeout; }
  /// Any thread but the loop's. `cancel_first`: what is under way is cancelled, unless detached. Idempotent.
  bool stop(std::chrono::nanoseconds timeout, bool cancel_first);
  /// Any thread but the loop's.
  [[nodiscard]] FunctionList functions();

  [[nodiscard]] std::vector<WorkerInfo> workers();
  [[nodiscard]] std::vector<QuarantinedCall> quarantine();
  bool lift_quarantine(const std::string& fingerprint);
  [[nodiscard]] int nursery_pid();
  [[nodiscard]] std::map<std::string, std::uint64_t> ends();
  /// Any thread but the loop's and the completion thread. Blocks.
  [[nodiscard]] std::optional<Error> reload();

 private:
  std::optional<std::uint64_t> start_attempt(Attempt&&, Time now) override;
  void cancel_attempt(std::uint64_t name, std::uint64_t receipt, Time now) override;
  void credit_attempt(std::uint64_t name, StreamCredit credit, Time now) override;
  void detach_attempt(std::uint64_t name) override;
  void flush(Time now) override { shell_->flush(now); }
  void turn(Time now) override { shell_->turn(now); }
  void on_retry(const std::string& what) override;
  [[nodiscard]] bool has_mail() override { return shell_->has_mail(); }
  [[nodiscard]] Time next_time(Time now) const override { return shell_->next_time(now); }

  enum class Life : std::uint8_t { starting, running, failed, stopped };
  void on_life(Life life, const Error* error);

  PoolOptions options_;
  std::unique_ptr<io::ZmqContext> context_;
  std::unique_ptr<io::PoolShell> shell_;

  std::mutex life_mutex_;
  std::condition_variable life_changed_;
  Life life_ = Life::starting;
  std::optional<Error> failure_;
  bool stopped_ = false;
};

}  // namespace clutch::detail
