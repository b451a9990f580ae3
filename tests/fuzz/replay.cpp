// Runs a fuzz target on the inputs of stdin, one in hex a line. Says how many there were; a target that fails aborts.
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <string>

#include "support/hex.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

int main() {
  std::size_t inputs = 0;
  for (std::string line; std::getline(std::cin, line); ++inputs) {
    const auto bytes = clutch::test::bytes_of_hex(line);
    LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  }
  std::printf("%zu inputs\n", inputs);
  return inputs == 0 ? 1 : 0;
}
