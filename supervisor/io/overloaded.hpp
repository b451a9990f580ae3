// For std::visit: one function object of several lambdas.
#pragma once

namespace clutch::io {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace clutch::io
