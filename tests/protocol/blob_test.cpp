#include "clutch/protocol/blob.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace clutch {
namespace {

Blob blob_of(std::string_view text) { return Blob(std::as_bytes(std::span(text.data(), text.size()))); }

std::string text_of(const Blob& blob) { return {reinterpret_cast<const char*>(blob.bytes().data()), blob.size()}; }

// Sizes on both sides of the border between the object and the heap.
class BlobOf : public testing::TestWithParam<std::size_t> {
 protected:
  std::string text_ = [] {
    std::string text(GetParam(), '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 26);
    return text;
  }();
};

TEST_P(BlobOf, HoldsWhatItWasGiven) {
  const auto blob = blob_of(text_);
  EXPECT_EQ(text_of(blob), text_);
  EXPECT_EQ(blob.empty(), text_.empty());
}

TEST_P(BlobOf, MovesAndLeavesNothingBehind) {
  auto from = blob_of(text_);
  const Blob to = std::move(from);
  EXPECT_EQ(text_of(to), text_);
  EXPECT_EQ(from.size(), 0u);  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST_P(BlobOf, IsAssignedOverAnother) {
  for (const std::size_t before : {std::size_t{0}, Blob::inline_bytes_max, std::size_t{1000}}) {
    auto blob = blob_of(std::string(before, 'x'));
    blob = blob_of(text_);
    EXPECT_EQ(text_of(blob), text_);
  }
}

TEST_P(BlobOf, SurvivesAssignmentToItself) {
  auto blob = blob_of(text_);
  auto& same = blob;
  blob = std::move(same);
  EXPECT_EQ(text_of(blob), text_);
}

TEST_P(BlobOf, ClonesIntoMemoryOfItsOwn) {
  auto blob = blob_of(text_);
  const auto clone = blob.clone();
  blob = Blob();
  EXPECT_EQ(text_of(clone), text_);
}

INSTANTIATE_TEST_SUITE_P(Sizes, BlobOf, testing::Values(0, 1, 39, 40, 41, 1000), testing::PrintToStringParamName());

TEST(Blob, KeepsSmallOnesInItself) {
  EXPECT_EQ(blob_of(std::string(Blob::inline_bytes_max, 'x')).heap_bytes(), 0u);
  EXPECT_EQ(blob_of(std::string(Blob::inline_bytes_max + 1, 'x')).heap_bytes(), Blob::inline_bytes_max + 1);
  EXPECT_EQ(Blob().heap_bytes(), 0u);
}

}  // namespace
}  // namespace clutch
