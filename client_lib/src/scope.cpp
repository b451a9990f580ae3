#include "clutch/scope.hpp"

#include <mutex>
#include <vector>

#include "clutch/detail/members.hpp"
#include "clutch/detail/receipt_state.hpp"

namespace clutch {
namespace detail {
namespace {

class FinishedState final : public TypedState<Result<void>> {
 public:
  using TypedState::TypedState;
  void give(Result<void> result) {
    result_ = std::move(result);
    finish();
  }
  [[nodiscard]] bool failed() const noexcept override { return !result_.ok(); }
  Result<void> take() override { return result_; }

 private:
  void do_cancel(CallRef receipt) override { give_receipt(receipt, CancelReceipt{}); }
  void do_detach() override {}

  Result<void> result_;
};

// Kept by its scope and by each call in it; a CallState for that alone.
class ScopeState final : public CallState, public Members {
 public:
  explicit ScopeState(std::shared_ptr<Engine> inner)
      : CallState(nullptr), Members(static_cast<CallState&>(*this)), inner_(std::move(inner)) {}

  [[nodiscard]] CallRef finished() {
    CallRef finished(new FinishedState(inner_));
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(finished);
    }
    if (empty()) on_empty();
    return finished;
  }

  [[nodiscard]] std::optional<Error> error() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  void on_end(CallState& call) noexcept override {
    const auto* error = std::get_if<Error>(&call.outcome());
    if (error == nullptr || (error->code == Code::cancelled && call.cancel_requested())) return;
    {
      const std::lock_guard lock(mutex_);
      if (failure_) return;
      failure_ = *error;
    }
    close();
  }

  void on_empty() noexcept override {
    std::vector<CallRef> waiting;
    Result<void> result;
    {
      const std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
      if (failure_) result = *failure_;
    }
    for (const CallRef& call : waiting) static_cast<FinishedState&>(*call).give(result);
  }

  const std::shared_ptr<Engine> inner_;
  mutable std::mutex mutex_;
  std::optional<Error> failure_;
  std::vector<CallRef> waiting_;
};

Error closed_error() {
  Error error;
  error.code = Code::cancelled;
  error.stage = Stage::queue;
  error.certainty = Certainty::not_started;
  error.message = "the scope it was started in has failed, was cancelled, or has ended";
  return error;
}

}  // namespace

/// The engine of what is started in a scope: another's, and the scope knows.
class ScopeEngine final : public Engine {
 public:
  explicit ScopeEngine(std::shared_ptr<Engine> inner)
      : inner_(std::move(inner)), state_(new ScopeState(inner_)), scope_(static_cast<ScopeState*>(state_.get())) {}

  [[nodiscard]] ScopeState& scope() const noexcept { return *scope_; }
  [[nodiscard]] const std::shared_ptr<Engine>& inner() const noexcept { return inner_; }

  void submit(CallRef call, std::string_view function, Request&& request, const CallOptions& options) override {
    if (scope_->closed()) return call->complete(closed_error());
    const CallRef kept = call;
    inner_->submit(std::move(call), function, std::move(request), options);
    // Only now: an engine knows of no cancel of what it has not seen. Where the scope closed meanwhile, add() cancels.
    scope_->add(kept);
  }
  void on_refused(CallState& call) override {
    scope_->add(CallRef(&call));
    inner_->on_refused(call);
  }
  void cancel(CallState& call, CallRef receipt) override { inner_->cancel(call, std::move(receipt)); }
  void on_credit(CallState& stream) override { inner_->on_credit(stream); }
  // Nobody waits for it but the scope, which may yet cancel it.
  void detach(CallState&) override {}
  void post(void (*run)(void*), void* argument) override { inner_->post(run, argument); }

 private:
  const std::shared_ptr<Engine> inner_;
  const CallRef state_;
  ScopeState* const scope_;
};

}  // namespace detail

Scope::Scope(const Caller& caller) : Scope(std::make_shared<detail::ScopeEngine>(caller.engine()), caller.options()) {}

Scope::Scope(std::shared_ptr<detail::ScopeEngine> engine, CallOptions options)
    : Caller(engine, std::move(options)), scope_(std::move(engine)) {}

Scope::~Scope() { scope_->scope().close(); }

Call<void> Scope::finished() const { return Call<void>(scope_->scope().finished()); }

Receipt Scope::cancel() {
  detail::CallRef receipt(new detail::ReceiptState(scope_->inner()));
  scope_->scope().close(receipt);
  return Receipt(std::move(receipt));
}

std::optional<Error> Scope::error() const { return scope_->scope().error(); }

}  // namespace clutch
