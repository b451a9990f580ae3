#include "msgpack_reference.hpp"

#define MSGPACK_NO_BOOST
#include <msgpack.hpp>
#include <sstream>
#include <stdexcept>

namespace clutch::test::reference {
namespace {

struct Buffer {
  ByteVector bytes;
  void write(const char* data, std::size_t size) {
    const auto added = std::as_bytes(std::span(data, size));
    bytes.insert(bytes.end(), added.begin(), added.end());
  }
};

template <class Write>
ByteVector packed(Write write) {
  Buffer buffer;
  msgpack::packer<Buffer> packer(buffer);
  write(packer);
  return buffer.bytes;
}

}  // namespace

ByteVector nil() {
  return packed([](auto& packer) { packer.pack_nil(); });
}
ByteVector boolean(bool value) {
  return packed([=](auto& packer) { value ? packer.pack_true() : packer.pack_false(); });
}
ByteVector integer(std::int64_t value) {
  return packed([=](auto& packer) { packer.pack_int64(value); });
}
ByteVector uint(std::uint64_t value) {
  return packed([=](auto& packer) { packer.pack_uint64(value); });
}
ByteVector real(double value) {
  return packed([=](auto& packer) { packer.pack_double(value); });
}
ByteVector string(std::string_view value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  return packed([=](auto& packer) { packer.pack_str(size), packer.pack_str_body(value.data(), size); });
}
ByteVector binary(std::string_view value) {
  const auto size = static_cast<std::uint32_t>(value.size());
  return packed([=](auto& packer) { packer.pack_bin(size), packer.pack_bin_body(value.data(), size); });
}
ByteVector array_head(std::uint32_t elements) {
  return packed([=](auto& packer) { packer.pack_array(elements); });
}
ByteVector map_head(std::uint32_t pairs) {
  return packed([=](auto& packer) { packer.pack_map(pairs); });
}
ByteVector timestamp(std::int64_t seconds, std::uint32_t nanoseconds) {
  const timespec time{seconds, static_cast<long>(nanoseconds)};
  return packed([&](auto& packer) { packer.pack(time); });
}

std::string unpack_and_print(std::span<const std::byte> bytes) {
  std::size_t offset = 0;
  const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size(), offset);
  if (offset != bytes.size()) throw std::runtime_error("more than one value");
  std::ostringstream out;
  out << handle.get();
  return out.str();
}

}  // namespace clutch::test::reference
