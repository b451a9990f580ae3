// The packer of clutch beside another user of msgpack-cxx, its Boost parts and all, neither of them optimised: each
// must write what it writes alone, whichever the linker finds first. Linked in both orders (CMakeLists.txt).
#include <array>
#include <clutch/protocol/writer.hpp>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>

std::string packed_by_another();

namespace {

using namespace std::literals;

std::string packed_by_clutch() {
  clutch::protocol::Writer writer;
  writer.array(9);
  for (const std::int64_t value : {1l, -1l, 300l, 70'000l, INT64_MIN}) writer.integer(value);
  writer.real(0.5);
  writer.string("a");
  writer.timestamp(1, 0);
  writer.binary(std::as_bytes(std::span("xxxxxxxxxxxxxxxxxxxx", 20)));
  return {reinterpret_cast<const char*>(writer.bytes().data()), writer.bytes().size()};
}

int complain(std::string_view who, const std::string& wrote) {
  std::cerr << who << " wrote other bytes:" << std::hex;
  for (const unsigned char byte : wrote) std::cerr << ' ' << int{byte};
  std::cerr << '\n';
  return 1;
}

}  // namespace

int main() {
  const auto another = packed_by_another();
  const auto expected_of_another =
      "\x82"
      "\xa1"
      "a"
      "\x94\x01\xff\xcd\x01\x2c\xce\x00\x01\x11\x70"
      "\xa1"
      "b"
      "\x90"
      "\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00"
      "\xd6\xff\x00\x00\x00\x01"
      "\xc4\x14"
      "xxxxxxxxxxxxxxxxxxxx"sv;
  if (another != expected_of_another) return complain("the other user", another);
  const auto clutch = packed_by_clutch();
  const auto expected_of_clutch =
      "\x99\x01\xff\xcd\x01\x2c\xce\x00\x01\x11\x70\xd3\x80\x00\x00\x00\x00\x00\x00\x00"
      "\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00"
      "\xa1"
      "a"
      "\xd6\xff\x00\x00\x00\x01"
      "\xc4\x14"
      "xxxxxxxxxxxxxxxxxxxx"sv;
  if (clutch != expected_of_clutch) return complain("clutch", clutch);
  std::cout << "both wrote what they write alone\n";
}
