// From a call's arguments to the Request that an engine takes. The buffer is the thread's, kept between calls: a small
// call allocates nothing here. Large bytes at the top level become payload frames.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "clutch/codec.hpp"
#include "clutch/kw.hpp"
#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/payload.hpp"
#include "clutch/result.hpp"

namespace clutch::detail {

/// What the argument of this type is encoded as: arrays of char are text.
template <class A>
using Encoded = std::conditional_t<std::is_array_v<std::remove_cvref_t<A>>, std::decay_t<A>, std::remove_cvref_t<A>>;

template <class A>
concept Argument = Writable<Encoded<A>>;

template <class T>
concept FramedBytes = one_of<T, Bytes, std::vector<std::byte>, std::span<const std::byte>, std::span<std::byte>>;

/// Encodes the arguments of one call. Lives on the stack of the call that is made.
class ArgumentWriter {
 public:
  ArgumentWriter(std::size_t positional, std::size_t keywords);
  ArgumentWriter(const ArgumentWriter&) = delete;
  ArgumentWriter& operator=(const ArgumentWriter&) = delete;
  ~ArgumentWriter();

  template <class A>
  void positional(A&& argument) {
    name_ = {};
    write(std::forward<A>(argument), Place(std::in_place_index<1>, position_));
    ++position_;
  }
  /// After the last positional argument.
  template <class T>
  void keyword(Keyword<T>& keyword) {
    begin_keyword(keyword.name);
    write(std::forward<T>(keyword.value), keyword.name);
  }
  /// Nothing where all is well: the request is then complete.
  [[nodiscard]] std::optional<Error> finish();
  [[nodiscard]] Error error(std::string_view what) const;
  [[nodiscard]] Request&& request() noexcept { return std::move(request_); }

 private:
  template <class A, class P>
  void write(A&& argument, P&& place) {
    using T = Encoded<A>;
    static_assert(
        Writable<T>,
        "clutch: this argument does not cross: there is no clutch::Codec<T>::write for it (CLUTCH_DEFINE makes "
        "one for a struct, CLUTCH_ENUM for an enum; or specialise clutch::Codec)");
    writer_.path_.restart(1);
    if constexpr (FramedBytes<T>) {
      const std::span<const std::byte> bytes = span_of(argument);
      if (bytes.size() >= limits::frame_threshold_bytes && request_.frames.size() < limits::frames_per_record_max) {
        writer_.binary({});
        request_.frames.push_back({to_place(std::forward<P>(place)), take_bytes(std::forward<A>(argument))});
        return;
      }
    }
    Codec<T>::write(writer_, argument);
  }

  static Place to_place(Place&& place) { return std::move(place); }
  static Place to_place(std::string_view name) { return std::string(name); }
  static std::span<const std::byte> span_of(const Bytes& bytes) { return bytes.span(); }
  static std::span<const std::byte> span_of(std::span<const std::byte> bytes) { return bytes; }
  static Bytes take_bytes(const Bytes& bytes) { return bytes; }
  static Bytes take_bytes(std::vector<std::byte>&& bytes) { return Bytes(std::move(bytes)); }
  static Bytes take_bytes(const std::vector<std::byte>& bytes) { return Bytes(std::span<const std::byte>(bytes)); }
  static Bytes take_bytes(std::span<const std::byte> bytes) { return Bytes(bytes); }

  void begin_keyword(std::string_view name);
  void end_positional();

  bool borrowed_;
  std::optional<Writer> own_;  // where a codec makes a call while another's arguments are being encoded
  Writer& writer_;
  Request request_;
  const std::size_t keywords_;
  std::uint32_t position_ = 0;
  std::string_view name_;
  bool in_keywords_ = false;
};

/// The first name that is there twice.
[[nodiscard]] std::optional<std::string_view> duplicate(std::span<const std::string_view> names) noexcept;
[[nodiscard]] Error argument_error(std::string message);

/// The request, or the error of the argument that does not cross: invalid_argument, stage arguments.
template <class... A>
Result<Request> encode_arguments(A&&... arguments) {
  constexpr std::size_t keywords = (std::size_t{0} + ... + std::size_t{is_keyword<std::remove_cvref_t<A>>});
  if constexpr (keywords > 1) {
    std::array<std::string_view, keywords> names;
    std::size_t count = 0;
    const auto collect = [&]<class T>(const T& argument) {
      if constexpr (is_keyword<T>) names[count++] = argument.name;
    };
    (collect(arguments), ...);
    if (const auto twice = duplicate(names)) {
      return argument_error("the keyword argument '" + std::string(*twice) + "' is given twice");
    }
  }
  ArgumentWriter writer(sizeof...(A) - keywords, keywords);
  try {
    [[maybe_unused]] const auto positional = [&]<class T>(T&& argument) {
      if constexpr (!is_keyword<std::remove_cvref_t<T>>) writer.positional(std::forward<T>(argument));
    };
    [[maybe_unused]] const auto keyword = [&]<class T>(T& argument) {
      if constexpr (is_keyword<std::remove_cvref_t<T>>) writer.keyword(argument);
    };
    (positional(std::forward<A>(arguments)), ...);
    (keyword(arguments), ...);
    if (auto error = writer.finish()) return std::move(*error);
    return writer.request();
  } catch (const misuse&) {
    throw;
  } catch (const std::exception& error) {
    return writer.error(error.what());
  }
}

}  // namespace clutch::detail
