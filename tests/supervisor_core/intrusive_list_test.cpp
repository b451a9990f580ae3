#include "core/intrusive_list.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace clutch::core::test {
namespace {

struct Red {};
struct Blue {};
struct Item : Link<Red>, Link<Blue> {
  explicit Item(int value) : number(value) {}
  int number;
};

class List : public testing::Test {
 protected:
  template <class Tag>
  static std::vector<int> numbers(const IntrusiveList<Item, Tag>& list) {
    std::vector<int> found;
    for (Item* item = list.front(); item != nullptr; item = list.after(*item)) found.push_back(item->number);
    return found;
  }
  Item one_{1}, two_{2}, three_{3};
  IntrusiveList<Item, Red> red_;
  IntrusiveList<Item, Blue> blue_;
};

TEST_F(List, IsEmptyAtFirst) {
  EXPECT_TRUE(red_.empty());
  EXPECT_EQ(red_.front(), nullptr);
  EXPECT_EQ(red_.back(), nullptr);
  EXPECT_EQ(red_.pop_front(), nullptr);
}

TEST_F(List, KeepsOrderAtBothEnds) {
  red_.push_back(two_);
  red_.push_back(three_);
  red_.push_front(one_);
  EXPECT_EQ(numbers(red_), (std::vector{1, 2, 3}));
  EXPECT_EQ(red_.back(), &three_);
  EXPECT_EQ(red_.pop_front(), &one_);
  EXPECT_FALSE(static_cast<Link<Red>&>(one_).linked());
}

TEST_F(List, LosesOneFromTheMiddle) {
  for (Item* item : {&one_, &two_, &three_}) red_.push_back(*item);
  red_.remove(two_);
  EXPECT_EQ(numbers(red_), (std::vector{1, 3}));
  red_.push_back(two_);
  EXPECT_EQ(numbers(red_), (std::vector{1, 3, 2}));
}

TEST_F(List, LetsAnItemBeInTwoListsAtOnce) {
  red_.push_back(one_);
  red_.push_back(two_);
  blue_.push_back(two_);
  red_.remove(two_);
  EXPECT_EQ(numbers(red_), std::vector{1});
  EXPECT_EQ(numbers(blue_), std::vector{2});
}

}  // namespace
}  // namespace clutch::core::test
