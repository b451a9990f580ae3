#include "clutch/protocol/writer.hpp"

// Without its Boost parts, and instantiated only on a stream type of ours: two translation units that disagree about
// them would otherwise share, and silently change, each other's code (docs/architecture.md, "msgpack").
#define MSGPACK_NO_BOOST
#include <msgpack/pack.hpp>

#include <cstring>

namespace clutch::protocol {
namespace {

struct Sink {
  std::vector<std::byte>& buffer;

  void write(const char* data, std::size_t size) {
    const auto at = buffer.size();
    buffer.resize(at + size);
    std::memcpy(buffer.data() + at, data, size);
  }
};

}  // namespace

// Each opens a packer on the stack: it holds no more than the reference.
#define CLUTCH_PACK(call) \
  Sink sink{buffer_};     \
  msgpack::packer<Sink>(sink).call

void Writer::nil() { buffer_.push_back(std::byte{0xc0}); }
void Writer::boolean(bool value) { buffer_.push_back(value ? std::byte{0xc3} : std::byte{0xc2}); }
void Writer::integer(std::int64_t value) { CLUTCH_PACK(pack_int64(value)); }
void Writer::uint(std::uint64_t value) {
  if (value < 0x80) {
    buffer_.push_back(static_cast<std::byte>(value));
    return;
  }
  CLUTCH_PACK(pack_uint64(value));
}
void Writer::real(double value) { CLUTCH_PACK(pack_double(value)); }

void Writer::string(std::string_view text) {
  { CLUTCH_PACK(pack_str(static_cast<std::uint32_t>(text.size()))); }
  raw(std::as_bytes(std::span(text.data(), text.size())));
}

void Writer::binary(std::span<const std::byte> bytes) {
  { CLUTCH_PACK(pack_bin(static_cast<std::uint32_t>(bytes.size()))); }
  raw(bytes);
}

void Writer::array(std::size_t elements) { CLUTCH_PACK(pack_array(static_cast<std::uint32_t>(elements))); }
void Writer::map(std::size_t pairs) { CLUTCH_PACK(pack_map(static_cast<std::uint32_t>(pairs))); }

#undef CLUTCH_PACK

void Writer::timestamp(std::int64_t seconds, std::uint32_t nanoseconds) {
  Sink sink{buffer_};
  msgpack::packer<Sink> packer(sink);
  char body[12];
  const auto put = [&body](std::size_t at, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) body[at + i] = static_cast<char>(value >> (8 * (width - 1 - i)));
  };
  std::size_t size = 12;
  if (seconds >= 0 && seconds >> 34 == 0) {
    const auto both = std::uint64_t{nanoseconds} << 34 | static_cast<std::uint64_t>(seconds);
    size = both >> 32 == 0 ? 4 : 8;
    put(0, both, size);
  } else {
    put(0, nanoseconds, 4);
    put(4, static_cast<std::uint64_t>(seconds), 8);
  }
  packer.pack_ext(size, -1);
  packer.pack_ext_body(body, static_cast<std::uint32_t>(size));
}

void Writer::raw(std::span<const std::byte> encoded) {
  const auto at = buffer_.size();
  buffer_.resize(at + encoded.size());
  if (!encoded.empty()) std::memcpy(buffer_.data() + at, encoded.data(), encoded.size());
}

std::size_t Writer::open_array() {
  const auto at = buffer_.size();
  buffer_.resize(at + 5);
  buffer_[at] = std::byte{0xdd};
  return at;
}

void Writer::close_array(std::size_t opened, std::size_t elements) noexcept {
  for (std::size_t i = 0; i < 4; ++i) buffer_[opened + 1 + i] = static_cast<std::byte>(elements >> (8 * (3 - i)));
}

}  // namespace clutch::protocol
