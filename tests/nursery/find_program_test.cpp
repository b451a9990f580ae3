// Finding clutch-nursery: the variable, beside the executable, PATH, and the sentence when it is nowhere.
#include "io/find_program.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>

#include "processes.hpp"

namespace clutch::io {
namespace {

class FindProgram : public ::testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  const std::string path_before_ = std::getenv("PATH") ? std::getenv("PATH") : "";

  void TearDown() override {
    ::setenv("PATH", path_before_.c_str(), 1);
    ::unsetenv("CLUTCH_TEST_TOOL");
  }
  std::filesystem::path program(const std::string& name, mode_t mode = 0755) {
    directory_.add_file(name);
    ::chmod((directory_.path() / name).c_str(), mode);
    return directory_.path() / name;
  }
};

TEST_F(FindProgram, TheVariableComesFirst) {
  const auto mine = program("anything");
  program("clutch-test-tool");
  ::setenv("PATH", directory_.path().c_str(), 1);
  ::setenv("CLUTCH_TEST_TOOL", mine.c_str(), 1);
  EXPECT_EQ(find_program("clutch-test-tool"), mine);
}

TEST_F(FindProgram, AWrongVariableIsAnErrorNotPassedOver) {
  program("clutch-test-tool");
  ::setenv("PATH", directory_.path().c_str(), 1);
  ::setenv("CLUTCH_TEST_TOOL", directory_.path().c_str(), 1);
  EXPECT_THROW(find_program("clutch-test-tool"), std::runtime_error);
}

TEST_F(FindProgram, BesideTheRunningExecutable) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  EXPECT_EQ(find_program(self.filename().string()), self);
}

TEST_F(FindProgram, InPathButOnlyWhatCanBeRun) {
  ::setenv("PATH", ("::relative:" + directory_.path().string()).c_str(), 1);
  const auto file = program("clutch-test-tool", 0644);
  EXPECT_THROW(find_program("clutch-test-tool"), std::runtime_error);
  ::chmod(file.c_str(), 0755);
  EXPECT_EQ(find_program("clutch-test-tool"), file);
}

TEST_F(FindProgram, NowhereSaysWhereItLookedAndWhatToDo) {
  ::setenv("PATH", directory_.path().c_str(), 1);
  try {
    find_program("clutch-test-tool");
    FAIL();
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("clutch-test-tool"), std::string::npos);
    EXPECT_NE(text.find(directory_.path().string()), std::string::npos);
    EXPECT_NE(text.find("set CLUTCH_TEST_TOOL"), std::string::npos);
  }
}

}  // namespace
}  // namespace clutch::io
