#include "clutch/detail/call_state.hpp"

#include "clutch/detail/completion_thread.hpp"
#include "clutch/detail/receipt_state.hpp"
#include "futex.hpp"
#include "loop_thread.hpp"

namespace clutch::detail {
namespace {

void run_posted(void* state) { CallState::run_continuation(CallRef::adopt(static_cast<CallState*>(state))); }

}  // namespace

void retain(CallState* state) noexcept { state->references_.fetch_add(1, std::memory_order_relaxed); }

void release(CallState* state) noexcept {
  if (state->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete state;
}

void Task::operator()() { CallState::run_continuation(std::move(state_)); }

CallState::~CallState() {
  if (Continuation* left = continuation_.exchange(nullptr, std::memory_order_acq_rel)) left->drop();
}

void CallState::complete(Outcome&& outcome) {
  outcome_ = std::move(outcome);
  finish();
}

void CallState::finish() noexcept {
  const std::uint32_t before = phase_.fetch_or(over, std::memory_order_acq_rel);
  if (before == 0) return;
  if ((before & waited) != 0) futex_wake_all(phase_);
  if ((before & observed) != 0) tell_observers();
  if ((before & continued) != 0) post_continuation();
}

void CallState::wait() { static_cast<void>(wait_until(Clock::time_point::max())); }

bool CallState::wait_until(Clock::time_point deadline) {
  if (done()) return true;
  if (engine_ != nullptr && loop_of_this_thread == engine_.get()) {
    throw misuse("clutch: waiting for a call on the thread that serves it, from within an executor's post()");
  }
  std::uint32_t seen = phase_.fetch_or(waited, std::memory_order_acq_rel) | waited;
  while ((seen & over) == 0) {
    if (deadline != Clock::time_point::max() && Clock::now() >= deadline) return false;
    futex_wait(phase_, seen, deadline);
    seen = phase_.load(std::memory_order_acquire);
  }
  return true;
}

void CallState::cancel(CallRef receipt) {
  const std::uint32_t before = phase_.fetch_or(cancelled, std::memory_order_acq_rel);
  if ((before & over) != 0) return give_receipt(receipt, CancelReceipt{});
  if (receipt || (before & cancelled) == 0) do_cancel(std::move(receipt));
}

void CallState::do_cancel(CallRef receipt) {
  if (engine_ == nullptr) return give_receipt(receipt, CancelReceipt{});
  engine_->cancel(*this, std::move(receipt));
}

void CallState::do_detach() {
  if (engine_ != nullptr && !done()) engine_->detach(*this);
}

void CallState::set_continuation(Continuation& continuation, Executor executor) {
  executor_ = std::move(executor);
  continuation_.store(&continuation, std::memory_order_release);
  // From here on the continuation may run, and whoever called us be gone.
  const CallRef self(this);
  if ((phase_.fetch_or(continued, std::memory_order_acq_rel) & over) != 0) post_continuation();
}

void CallState::add_observer(Observer& observer) noexcept {
  observer.next_ = observers_.load(std::memory_order_relaxed);
  while (!observers_.compare_exchange_weak(observer.next_, &observer, std::memory_order_acq_rel)) {
  }
  if ((phase_.fetch_or(observed, std::memory_order_acq_rel) & over) != 0) tell_observers();
}

// Several threads may come here, each for what it added: whoever takes the list tells all that are on it.
void CallState::tell_observers() noexcept {
  Observer* next = observers_.exchange(nullptr, std::memory_order_acq_rel);
  while (next != nullptr) {
    Observer& observer = *next;
    next = observer.next_;  // read before the observer may go
    observer.completed(*this);
  }
}

void CallState::post_continuation() {
  if (executor_) {
    // Moved: the executor may keep the task, the task keeps this state, and this state must not keep the executor.
    const Executor executor = std::move(executor_);
    executor.post(Task(CallRef(this)));
  } else if (engine_ != nullptr) {
    const std::shared_ptr<Engine> engine = engine_;
    engine->post(run_posted, CallRef(this).leak());
  } else {
    post_without_engine(run_posted, CallRef(this).leak());
  }
}

void CallState::run_continuation(CallRef call) {
  Continuation* continuation = call->continuation_.exchange(nullptr, std::memory_order_acq_rel);
  if (continuation != nullptr) continuation->run(std::move(call));
}

void refuse(const CallRef& call, Error error) {
  call->complete(std::move(error));
  if (call->engine() != nullptr) call->engine()->on_refused(*call);
}

void post_without_engine(void (*run)(void*), void* argument) {
  // Never destroyed: callbacks may come while statics go.
  static CompletionThread& thread = *new CompletionThread;
  thread.post(run, argument);
}

}  // namespace clutch::detail
