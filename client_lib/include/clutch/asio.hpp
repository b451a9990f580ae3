// Asio as an executor: call.then(clutch::asio_executor(io), f), co_await call.on(clutch::asio_executor(io)). Includes
// nothing of Asio, and works with Boost's and the standalone one: with an executor, a strand, or a context that has
// one.
#pragma once

#include <utility>

#include "clutch/executor.hpp"

namespace clutch {

namespace detail {
template <class E>
void asio_post(const E& executor, Task task) {
  post(executor, std::move(task));  // asio::post, found by the executor's namespace
}
}  // namespace detail

/// Keeps the executor; the context behind it must outlive every call that names it.
template <class E>
class AsioExecutor {
 public:
  explicit AsioExecutor(E executor) : executor_(std::move(executor)) {}
  void post(detail::Task task) const { detail::asio_post(executor_, std::move(task)); }

 private:
  E executor_;
};

template <class E>
[[nodiscard]] auto asio_executor(E&& executor) {
  if constexpr (requires { executor.get_executor(); }) {
    return AsioExecutor(executor.get_executor());
  } else {
    return AsioExecutor(std::forward<E>(executor));
  }
}

}  // namespace clutch
