// Reading /proc, and who is below whom.
#include "nursery/process_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace clutch::nursery {
namespace {

const std::string rest = " 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 ";

TEST(ParseStat, ReadsPidStateParentAndStart) {
  const auto process = parse_stat("42 (sh) S 7" + rest + "9876 1000 0");
  ASSERT_TRUE(process);
  EXPECT_EQ(process->pid, 42);
  EXPECT_EQ(process->state, 'S');
  EXPECT_EQ(process->parent, 7);
  EXPECT_EQ(process->started, 9876u);
}

// A process may call itself ") Z 1 (" to be passed over.
TEST(ParseStat, IsNotMisledByAName) {
  const auto process = parse_stat("42 (x) Z 1 (y) R 7" + rest + "9876 1000 0");
  ASSERT_TRUE(process);
  EXPECT_EQ(process->state, 'R');
  EXPECT_EQ(process->parent, 7);
}

TEST(ParseStat, RefusesWhatIsNone) {
  for (const std::string line : {"", "x", "42", "42 (sh", "42 (sh) ", "42 (sh) S", "42 (sh) S 7 1 1", "-1 (sh) S 7"})
    EXPECT_FALSE(parse_stat(line)) << line;
}

TEST(Descendants, AreFoundAtAnyDepthAndNoOthers) {
  const std::vector<Process> all = {{5, 'S', 4, 0}, {4, 'S', 2, 0}, {2, 'S', 1, 0},
                                    {3, 'S', 1, 0}, {6, 'Z', 2, 0}, {7, 'S', 3, 0}};
  std::vector<pid_t> found;
  for (const Process& process : descendants(all, 2)) found.push_back(process.pid);
  std::ranges::sort(found);
  EXPECT_EQ(found, (std::vector<pid_t>{4, 5, 6}));
}

// A scan of /proc is not one moment: pids reused while it runs could close a circle.
TEST(Descendants, ACircleEnds) { EXPECT_EQ(descendants({{2, 'S', 3, 0}, {3, 'S', 2, 0}}, 2).size(), 1u); }

}  // namespace
}  // namespace clutch::nursery
