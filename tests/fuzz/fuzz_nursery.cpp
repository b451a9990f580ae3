// The link between the supervisor and clutch-nursery: what is read is written as the same bytes, or is refused.
#include <cstdlib>
#include <string_view>

#include "nursery/messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace clutch::nursery;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto message = decode(bytes); message && encode(*message) != bytes) std::abort();
  const auto request = decode_request(bytes);
  if (!request) return 0;
  const auto again = encode_request(*request);
  // Its upper bound may be a little lower than the reader's.
  if (!again ? size < request_bytes_max / 2 : *again != bytes) std::abort();
  return 0;
}
