// What the end-to-end tests share: pools of real workers that run tests/e2e/python, and a directory of their own.
#pragma once

#include <gtest/gtest.h>

#include <clutch/pool.hpp>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace clutch::e2e {

using namespace std::chrono_literals;

/// Options that run `shop` from tests/e2e/python with the tests' Python and the programs of this build.
[[nodiscard]] PoolOptions shop_options(std::uint32_t workers = 1);
[[nodiscard]] Pool start(PoolOptions options);

/// A pool that the tests of one program share: for those that leave it as they found it.
[[nodiscard]] const Pool& shared_pool();

/// A directory that is removed with all that is in it.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::vector<std::string> lines(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

/// Waits until `holds`, looking every few milliseconds; false after ten seconds.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);

/// A log that is kept.
class Records {
 public:
  [[nodiscard]] LogSink sink();
  /// The first record whose text contains `text`.
  [[nodiscard]] std::optional<LogRecord> find(const std::string& text) const;
  [[nodiscard]] std::vector<LogRecord> all() const;

 private:
  struct Kept {
    mutable std::mutex mutex;
    std::vector<LogRecord> records;
  };
  std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();
};

/// Ends as this, or shows the whole story.
#define EXPECT_FAILS(result, expected_code, expected_stage, expected_certainty)                        \
  do {                                                                                                 \
    const auto& checked = (result);                                                                    \
    ASSERT_FALSE(checked.ok());                                                                        \
    EXPECT_EQ(to_string(checked.error().code), #expected_code) << describe(checked.error());           \
    EXPECT_EQ(to_string(checked.error().stage), #expected_stage) << describe(checked.error());         \
    EXPECT_EQ(to_string(checked.error().certainty), #expected_certainty) << describe(checked.error()); \
  } while (false)

#define EXPECT_VALUE(result, expected)                      \
  do {                                                      \
    const auto& checked = (result);                         \
    ASSERT_TRUE(checked.ok()) << describe(checked.error()); \
    EXPECT_EQ(checked.value(), expected);                   \
  } while (false)

}  // namespace clutch::e2e
