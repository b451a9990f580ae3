// Where callbacks and resumed coroutines run. Anything with `post(task)` is an executor: it takes a copyable function
// object, returns at once, and runs it exactly once, later, on a thread of its choice. post() is called from whatever
// thread ends the call, most often the one that serves all calls of the pool, or, where the call is over already, from
// the one that names the executor. It must neither block nor throw, nor run the task within itself. A task that is
// dropped instead of run frees what it holds, and its callback never comes.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "clutch/detail/task.hpp"

namespace clutch {

template <class E>
concept PostExecutor = requires(E& executor, detail::Task task) {
  executor.post(std::move(task));
};

/// A function that takes the task, e.g. [&](auto task) { queue.push(std::move(task)); }
template <class F>
concept PostFunction = !PostExecutor<F> && std::invocable<F&, detail::Task>;

/// Any executor, type-erased; copies share it. Empty: the engine's completion thread.
class Executor {
 public:
  Executor() noexcept = default;
  /// Refers to it: it must outlive every call that names it.
  template <PostExecutor E>
  requires(!std::same_as<std::remove_cv_t<E>, Executor>) Executor(E& executor)
      : post_(&post_to<E>), target_(std::shared_ptr<void>(), &executor) {}
  /// Shares it.
  template <PostExecutor E>
  Executor(std::shared_ptr<E> executor) : post_(&post_to<E>), target_(std::move(executor)) {}
  /// Keeps a copy of it.
  template <class E>
  requires(PostExecutor<E> && !std::is_reference_v<E> && !std::same_as<E, Executor>) Executor(E&& executor)
      : post_(&post_to<E>), target_(std::make_shared<E>(std::move(executor))) {}
  template <class F>
  requires(PostFunction<std::remove_cvref_t<F>> && !std::same_as<std::remove_cvref_t<F>, Executor>)
      Executor(F&& function)
      : post_(&call<std::remove_cvref_t<F>>),
        target_(std::make_shared<std::remove_cvref_t<F>>(std::forward<F>(function))) {}

  explicit operator bool() const noexcept { return post_ != nullptr; }
  void post(detail::Task task) const { post_(target_.get(), std::move(task)); }

 private:
  template <class E>
  static void post_to(void* target, detail::Task&& task) {
    static_cast<E*>(target)->post(std::move(task));
  }
  template <class F>
  static void call(void* target, detail::Task&& task) {
    std::invoke(*static_cast<F*>(target), std::move(task));
  }

  void (*post_)(void*, detail::Task&&) = nullptr;
  std::shared_ptr<void> target_;
};

}  // namespace clutch
