#include "io/client_door.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "io/endpoint.hpp"

namespace clutch::io {
namespace {

class Door : public testing::Test {
 protected:
  Door() {
    std::string name = (std::filesystem::temp_directory_path() / "clutch-door-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~Door() override { std::filesystem::remove_all(directory_); }
  static std::string refusal(const std::filesystem::path& socket) {
    try {
      const ClientDoor door(socket);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "none";
  }
  std::filesystem::path directory_;
};

TEST_F(Door, MakesItsDirectoryAndLeavesNothingInIt) {
  {
    const ClientDoor door(directory_ / "run/s.sock");
    struct stat facts {};
    ASSERT_EQ(::stat((directory_ / "run").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777u, 0700u);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_ / "run"));
}

TEST_F(Door, OneAtATime) {
  const ClientDoor first(directory_ / "s.sock");
  EXPECT_NE(refusal(directory_ / "s.sock").find("(pid " + std::to_string(::getpid()) + ")"), std::string::npos);
}

TEST_F(Door, ALockThatNobodyHoldsIsNoneInTheWay) {
  std::ofstream(directory_ / "s.sock.lock") << "999999\n";
  EXPECT_EQ(refusal(directory_ / "s.sock"), "none");
}

TEST_F(Door, RefusesADirectoryThatIsOpenOrALinkOrAFile) {
  ::chmod(directory_.c_str(), 0750);
  EXPECT_NE(refusal(directory_ / "s.sock").find("open to other users"), std::string::npos);
  ::chmod(directory_.c_str(), 0700);
  std::filesystem::create_directory_symlink(directory_, directory_ / "link");
  EXPECT_NE(refusal(directory_ / "link/s.sock"), "none");
  std::ofstream(directory_ / "file") << "";
  EXPECT_NE(refusal(directory_ / "file/s.sock"), "none");
}

TEST_F(Door, DoesNotRemoveWhatIsNoSocket) {
  std::ofstream(directory_ / "s.sock") << "precious";
  EXPECT_NE(refusal(directory_ / "s.sock").find("is not a socket"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(directory_ / "s.sock"));
}

TEST(Endpoint, IsAPathThatTheKernelTakes) {
  EXPECT_EQ(socket_path_of("ipc:///a/b/../c"), "/a/c");
  EXPECT_THROW(static_cast<void>(socket_path_of("ipc://")), std::runtime_error);
  EXPECT_THROW(static_cast<void>(socket_path_of("tcp://a:1")), std::runtime_error);
  EXPECT_THROW(static_cast<void>(socket_path_of("ipc://@abstract")), std::runtime_error);
  EXPECT_THROW(static_cast<void>(socket_path_of("ipc:///" + std::string(107, 'x'))), std::runtime_error);
  EXPECT_EQ(socket_path_of("ipc:///" + std::string(106, 'x')).native().size(), 107u);
}

}  // namespace
}  // namespace clutch::io
