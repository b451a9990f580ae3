#include "io/descriptors.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace clutch::io {
namespace {

TEST(Descriptors, AreCounted) {
  const auto before = descriptors_in_use();
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(descriptors_in_use().open, before.open + 1);
  ::close(fd);
  EXPECT_EQ(descriptors_in_use().open, before.open);
  EXPECT_GT(before.limit, before.open);
}

TEST(Descriptors, BelowTheOneMarkNobodyIsLetInUntilTheOther) {
  const auto marks = DescriptorMarks::of(1024);
  EXPECT_EQ(marks.close_below, 256u);
  EXPECT_TRUE(marks.let_in(256, true));
  EXPECT_FALSE(marks.let_in(255, true));
  EXPECT_FALSE(marks.let_in(512, false));
  EXPECT_TRUE(marks.let_in(513, false));
  EXPECT_EQ(DescriptorMarks::of(100).close_below, 200u);
  EXPECT_EQ(DescriptorMarks::of(1u << 20).close_below, 1500u);
}

TEST(Descriptors, TooFewForAnyClientAreTold) {
  EXPECT_EQ(shortage_of({50, 1024}), "");
  EXPECT_NE(shortage_of({50, 256}).find("RLIMIT_NOFILE) is 256"), std::string::npos);
}

}  // namespace
}  // namespace clutch::io
