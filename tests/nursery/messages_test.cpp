// The format between the supervisor and the nursery: what is written is read, and nothing else is.
#include "nursery/messages.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace clutch::nursery {
namespace {

template <class M>
M round_trip(const M& message) {
  const auto decoded = decode(encode(message));
  if (!decoded || !std::holds_alternative<M>(*decoded)) {
    ADD_FAILURE() << "does not come back";
    return {};
  }
  return std::get<M>(*decoded);
}

TEST(Messages, EachComesBack) {
  EXPECT_EQ(round_trip(Spawn{7}).incarnation, 7u);
  EXPECT_EQ(round_trip(KillTree{~0ull}).incarnation, ~0ull);
  round_trip(Shutdown{});
  round_trip(Ready{});
  EXPECT_EQ(round_trip(Spawned{7, 1234}).pid, 1234);
  EXPECT_EQ(round_trip(SpawnFailed{7, ENOENT, "no such thing"}).text, "no such thing");
  EXPECT_EQ(round_trip(SpawnFailed{7, ENOENT, ""}).error, ENOENT);
  const Exited exited = round_trip(Exited{.incarnation = 7, .signal = SIGSEGV, .exit_code = 0, .core_dumped = true});
  EXPECT_EQ(exited.signal, SIGSEGV);
  EXPECT_TRUE(exited.core_dumped);
  EXPECT_EQ(round_trip(Exited{.incarnation = 7, .signal = 0, .exit_code = 255, .core_dumped = false}).exit_code, 255);
}

TEST(Messages, TheLayoutIsTheOneThatIsWritten) {
  std::string expected("\x31\x75\x6e\x43\x05\0\0\0\x07\0\0\0\0\0\0\0\xd2\x04\0\0", 20);
  expected.resize(32);
  EXPECT_EQ(encode(Spawned{7, 1234}), expected);
}

TEST(Messages, ALongTextIsCutAndFits) {
  const SpawnFailed cut = round_trip(SpawnFailed{1, EINVAL, std::string(10'000, 'x')});
  EXPECT_EQ(cut.text.size(), error_text_bytes_max);
  EXPECT_LE(encode(cut).size(), message_bytes_max);
}

TEST(Messages, EveryTruncationAndExtensionIsRefused) {
  const std::string whole = encode(SpawnFailed{7, ENOENT, "text"});
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode(whole.substr(0, size))) << size;
  EXPECT_FALSE(decode(whole + "x"));
}

// Each byte changed: refused, or a message that is written in just that way.
TEST(Messages, NoMessageHasTwoForms) {
  for (const std::string& whole : {encode(Shutdown{}), encode(Spawned{7, 9}), encode(Exited{7, SIGKILL, 0, false}),
                                   encode(SpawnFailed{7, 2, "t"})}) {
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (int value = 0; value < 256; ++value) {
        std::string changed = whole;
        changed[i] = static_cast<char>(value);
        const auto decoded = decode(changed);
        if (decoded) {
          EXPECT_EQ(encode(*decoded), changed);
        }
        if (i < 4 && changed != whole) {
          EXPECT_FALSE(decoded) << "another magic";
        }
      }
    }
  }
}

TEST(Messages, ImpossibleValuesAreRefused) {
  EXPECT_FALSE(decode(encode(Spawned{7, 0})));
  EXPECT_FALSE(decode(encode(Spawned{7, -1})));
  EXPECT_FALSE(decode(encode(SpawnFailed{7, 0, "fine?"})));
  EXPECT_FALSE(decode(encode(Exited{7, -1, 0, false})));
  EXPECT_FALSE(decode(encode(Exited{7, 200, 0, false})));
  EXPECT_FALSE(decode(encode(Exited{7, 0, 256, false})));
  EXPECT_FALSE(decode(encode(Exited{7, SIGKILL, 1, false})));
  EXPECT_FALSE(decode(encode(Exited{7, 0, 1, true})));
}

WorkerRequest example() {
  return {.argv = {"python3", "-P", ""},
          .environment = {"A=1", "B="},
          .working_directory = "/tmp",
          .cpus = {0, 1023},
          .access = {{{7, 1024}, {9, std::uint64_t{5} << 32}}, Credentials{1000, 100, {100, 27}}, true}};
}

TEST(WorkerRequests, ComeBack) {
  const auto decoded = decode_request(*encode_request(example()));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->argv, example().argv);
  EXPECT_EQ(decoded->environment, example().environment);
  EXPECT_EQ(decoded->working_directory, "/tmp");
  EXPECT_EQ(decoded->cpus, example().cpus);
  ASSERT_EQ(decoded->access.limits.size(), 2u);
  EXPECT_EQ(decoded->access.limits[1].resource, 9u);
  EXPECT_EQ(decoded->access.limits[1].value, std::uint64_t{5} << 32);
  ASSERT_TRUE(decoded->access.credentials);
  EXPECT_EQ(decoded->access.credentials->user, 1000u);
  EXPECT_EQ(decoded->access.credentials->group, 100u);
  EXPECT_EQ(decoded->access.credentials->groups, (std::vector<std::uint32_t>{100, 27}));
  EXPECT_TRUE(decoded->access.no_new_privs);
}

TEST(WorkerRequests, OfWhichNoProcessCanBeMadeAreRefused) {
  const auto refused = [](auto change) {
    WorkerRequest request = example();
    change(request);
    return !encode_request(request);
  };
  EXPECT_TRUE(refused([](auto& r) { r.argv.clear(); }));
  EXPECT_TRUE(refused([](auto& r) { r.argv[0] = ""; }));
  EXPECT_TRUE(refused([](auto& r) { r.argv[1] = std::string("a\0b", 3); }));
  EXPECT_TRUE(refused([](auto& r) { r.environment = {"A"}; }));
  EXPECT_TRUE(refused([](auto& r) { r.environment = {"=A"}; }));
  EXPECT_TRUE(refused([](auto& r) { r.environment = {std::string("A=\0", 3)}; }));
  EXPECT_TRUE(refused([](auto& r) { r.working_directory = std::string("\0", 1); }));
  EXPECT_TRUE(refused([](auto& r) { r.cpus = {1024}; }));
  EXPECT_TRUE(refused([](auto& r) { r.access.limits.resize(limits_max + 1); }));
  EXPECT_TRUE(refused([](auto& r) { r.access.credentials->groups.resize(groups_max + 1); }));
  EXPECT_TRUE(refused([](auto& r) { r.environment = {"A=" + std::string(request_bytes_max, 'x')}; }));
}

TEST(WorkerRequests, EveryTruncationAndExtensionIsRefused) {
  const std::string whole = *encode_request(example());
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode_request(whole.substr(0, size))) << size;
  EXPECT_FALSE(decode_request(whole + '\0'));
}

// A count or length of 4,294,967,295 must neither be believed nor reserved for.
TEST(WorkerRequests, FalseCountsAreRefused) {
  const std::string whole = *encode_request(example());
  for (std::size_t i = 0; i + 4 <= whole.size(); i += 4) {
    std::string changed = whole;
    changed.replace(i, 4, "\xff\xff\xff\xff");
    if (const auto decoded = decode_request(changed)) {
      EXPECT_EQ(encode_request(*decoded), changed);
    }
  }
}

}  // namespace
}  // namespace clutch::nursery
