// What a program's thread reads of a result, whatever the supervisor let pass: as a Value, and as types of its own.
// What the scanner takes, Value must take; and what was read is written as the same value.
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "clutch/codec.hpp"
#include "clutch/detail/decode.hpp"
#include "clutch/function_info.hpp"
#include "clutch/protocol/scan.hpp"

namespace {

using namespace clutch;

void must(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::byte> written(const Value& value) {
  Writer writer;
  writer.value(value);
  const auto bytes = writer.bytes();
  return {bytes.begin(), bytes.end()};
}

// Either a value or an error about the result; nothing is thrown.
template <class T>
void read_as(const Reply& reply) {
  const auto result = detail::decode<T>(reply);
  must(result.ok() || (result.error().code == Code::invalid_argument && result.error().stage == Stage::result));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  Reply reply{Blob(std::vector<std::byte>(bytes.begin(), bytes.end())), {}};
  const auto plain = detail::decode<Value>(reply);
  if (protocol::scan(bytes) == protocol::ScanError::none) {
    must(plain.ok());
    const auto once = written(plain.value());
    must(protocol::scan(once) == protocol::ScanError::none);
    const auto again = detail::decode<Value>(Reply{Blob(once), {}});
    must(again.ok() && written(again.value()) == once);
  }
  if (data[0] % 2 != 0)
    reply.frames.push_back({Place(std::uint32_t{data[0]} / 2 % 3), Bytes(std::vector<std::byte>(3))});
  if (data[0] % 7 == 0) reply.frames.push_back({Place(std::monostate{}), Bytes(std::vector<std::byte>(3))});
  using Time = std::chrono::sys_time<std::chrono::microseconds>;
  read_as<Value>(reply);
  read_as<std::vector<std::map<std::string, int>>>(reply);
  read_as<std::tuple<Bytes, std::optional<double>, std::array<std::int8_t, 2>>>(reply);
  read_as<std::vector<std::variant<bool, std::string, std::vector<double>>>>(reply);
  read_as<std::map<std::uint64_t, Time>>(reply);
  read_as<FunctionList>(reply);
  return 0;
}
