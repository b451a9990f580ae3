// What is read as an error is written and read again as the same error.
#include <cstdlib>

#include "clutch/protocol/records.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace clutch::protocol;
  const auto error = read_error(std::as_bytes(std::span(data, size)));
  if (!error) return 0;
  Writer writer;
  write(writer, *error);
  const auto again = read_error(writer.bytes());
  // Written with every key, it may have grown past the limit.
  if (again ? *again != *error : size < 500'000) std::abort();
  if (describe(*error).empty()) std::abort();
  return 0;
}
