// What the scanner takes, the cursor must be able to walk over as exactly one value.
#include <cstdlib>

#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/scan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace clutch::protocol;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto error = scan(bytes);
  Cursor cursor(bytes);
  std::span<const std::byte> value;
  const bool whole = cursor.skip(value) && cursor.at_end();
  if (error == ScanError::none && !whole) std::abort();
  if (error == ScanError::truncated && whole) std::abort();
  if (!to_string(error).empty()) return 0;
  std::abort();
}
