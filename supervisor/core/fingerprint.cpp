#include "core/fingerprint.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <limits>
#include <span>
#include <variant>

namespace clutch::core {
namespace {

constexpr std::size_t frame_part_of_few = 32u << 10;

// Eight bytes a step: each is mixed in by a multiplication whose halves are folded (as wyhash does).
class Mixer {
 public:
  void number(std::uint64_t value) noexcept {
    __extension__ using Wide = unsigned __int128;
    const auto product = static_cast<Wide>(state_ ^ value) * (value ^ 0x9e37'79b9'7f4a'7c15u ^ (++count_ << 32));
    state_ ^= static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64) ^ value;
  }
  void bytes(std::span<const std::byte> of) noexcept {
    number(of.size());
    for (; !of.empty(); of = of.subspan(std::min<std::size_t>(8, of.size()))) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, of.data(), std::min<std::size_t>(8, of.size()));
      number(eight);
    }
  }
  void text(std::string_view of) noexcept { bytes(std::as_bytes(std::span(of.data(), of.size()))); }
  [[nodiscard]] std::uint64_t result() noexcept {
    number(state_ >> 29);
    return state_ != 0 ? state_ : 1;
  }

 private:
  std::uint64_t state_ = 0x636c'7574'6368'0001u;
  std::uint64_t count_ = 0;
};

void mix(Mixer& mixer, const Place& place) noexcept {
  mixer.number(place.index());
  if (const auto* position = std::get_if<std::uint32_t>(&place)) mixer.number(*position);
  if (const auto* keyword = std::get_if<std::string>(&place)) mixer.text(*keyword);
}

std::uint64_t mixed(std::string_view function, const Request& request, std::size_t frame_part) noexcept {
  Mixer mixer;
  mixer.text(function);
  mixer.bytes(request.args.bytes());
  mixer.bytes(request.kwargs.bytes());
  for (const auto& frame : request.frames) {
    const auto bytes = std::as_bytes(std::span(frame.bytes.data(), frame.bytes.size()));
    mix(mixer, frame.place);
    mixer.number(bytes.size());
    mixer.bytes(bytes.first(std::min(frame_part, bytes.size())));
    if (bytes.size() > frame_part) mixer.bytes(bytes.last(std::min(frame_part, bytes.size() - frame_part)));
  }
  return mixer.result();
}

}  // namespace

std::uint64_t fingerprint_of(std::string_view function, const Request& request) noexcept {
  return mixed(function, request, frame_part_of_few);
}

std::uint64_t whole_fingerprint_of(std::string_view function, const Request& request) noexcept {
  return mixed(function, request, std::numeric_limits<std::size_t>::max());
}

std::string shown(std::uint64_t fingerprint) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(fingerprint));
  return text.data();
}

}  // namespace clutch::core
