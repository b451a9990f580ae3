// From what an engine brought to what the program asked for, on the thread of the one who takes it.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

#include "clutch/cancel_receipt.hpp"
#include "clutch/codec.hpp"
#include "clutch/detail/call_state.hpp"
#include "clutch/protocol/payload.hpp"
#include "clutch/result.hpp"

namespace clutch::detail {

/// A value that does not fit T is an Error: invalid_argument, stage result.
template <class T>
Result<T> decode(const Reply& reply) {
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    try {
      Reader reader(reply.body.bytes(), &reply.frames);
      T value = reader.value<T>();
      reader.finish();
      return value;
    } catch (const misuse&) {
      throw;
    } catch (const std::exception& error) {
      return result_error(error.what());
    }
  }
}

/// What is made in this process alone and has no codec, and what is made of such: receipts.
template <class T>
inline constexpr bool made_here = false;
template <>
inline constexpr bool made_here<CancelReceipt> = true;
template <template <class...> class C, class... A>
inline constexpr bool made_here<C<A...>> = (made_here<A> || ...);

/// The result of a call that is over. R is Result<T>, or what the call was made to give.
template <class T, class R>
R take(CallState& state) {
  if (state.typed()) return static_cast<TypedState<R>&>(state).take();
  if constexpr (std::is_same_v<R, Result<T>> && !made_here<T>) {
    if (auto* error = std::get_if<Error>(&state.outcome())) {
      return state.is_observed() ? Error(*error) : std::move(*error);
    }
    // Moved out: the payload goes now, whoever still refers to the state.
    const Reply reply = std::move(std::get<Reply>(state.outcome()));
    return decode<T>(reply);
  } else {
    throw misuse("a call whose result is no Result ended in an engine");
  }
}

}  // namespace clutch::detail
