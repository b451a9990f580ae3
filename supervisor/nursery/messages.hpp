// What the supervisor and clutch-nursery say to each other, on one SOCK_SEQPACKET pair. Knows no sockets or processes.
//
// A message is a header of 32 bytes in the machine's byte order (both ends are on one host) and a text:
//
//   offset  0  u32  magic 0x436e7531: this format; a program of another release is refused by it
//           4  u32  kind
//           8  u64  incarnation of the worker, 0 where there is none
//          16  i32  a: SPAWNED pid      SPAWN_FAILED errno    EXITED signal, 0 if it called exit
//          20  i32  b:                                        EXITED exit code
//          24  i32  c:                                        EXITED 1 if it dumped core
//          28  u32  length of the text that follows, only in SPAWN_FAILED
//
//   kind              direction    descriptors by SCM_RIGHTS
//   1 SPAWN           to nursery   7: request, page, watchdog, fault memfd, log pipe, stdout pipe, stderr pipe
//   2 KILL_TREE       to nursery   none
//   3 SHUTDOWN        to nursery   none; kill every worker, exit
//   4 READY           to host      none; the first message, the nursery is set up
//   5 SPAWNED         to host      1: the worker's pidfd
//   6 SPAWN_FAILED    to host      none; no such worker ever ran the program
//   7 EXITED          to host      none; after the worker was reaped
//
// Every SPAWN is answered by one SPAWNED or SPAWN_FAILED, every SPAWNED by one EXITED. A KILL_TREE of an incarnation
// that is not alive is nothing. Unused fields are 0. Anything else ends the link: the nursery says so on stderr, kills
// all workers and exits, since a link that lost one message cannot be trusted with the next.
//
// The request travels in a sealed memfd, not in the datagram: an environment may be larger (to 2 MiB) than what the
// sysctls of a host let through a socket. Its contents:
//
//   u32 magic, u32 count of arguments, u32 of environment entries, u32 of cpus, u32 of resource limits, u32 of groups,
//   u32 flags (1: user, group and groups are to be set; 2: no_new_privs), u32 user, u32 group; then the working
//   directory, the arguments, the environment, each string as u32 length and bytes; then each cpu as u32, each limit as
//   u32 resource, u32 value's low half, u32 its high half, each group as u32
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace clutch::nursery {

inline constexpr std::uint32_t message_magic = 0x436e7531;
inline constexpr std::size_t message_bytes_max = 512;
inline constexpr std::size_t error_text_bytes_max = 400;
inline constexpr std::size_t message_fds_max = 8;
inline constexpr std::size_t spawn_fds = 7;
inline constexpr std::size_t request_bytes_max = 8u << 20;
inline constexpr std::uint32_t cpu_max = 1023;
inline constexpr std::size_t limits_max = 16;
inline constexpr std::size_t groups_max = 1024;

struct Spawn {
  std::uint64_t incarnation = 0;
};
struct KillTree {
  std::uint64_t incarnation = 0;
};
struct Shutdown {};
struct Ready {};
struct Spawned {
  std::uint64_t incarnation = 0;
  pid_t pid = 0;
};
struct SpawnFailed {
  std::uint64_t incarnation = 0;
  int error = 0;  // an errno
  std::string text;
};
struct Exited {
  std::uint64_t incarnation = 0;
  int signal = 0;  // 0: it called exit
  int exit_code = 0;
  bool core_dumped = false;
};

using Message = std::variant<Spawn, KillTree, Shutdown, Ready, Spawned, SpawnFailed, Exited>;

// A text longer than error_text_bytes_max is cut.
std::string encode(const Message& message);

// Nothing for anything that `encode` does not produce.
std::optional<Message> decode(std::string_view bytes);

// How many descriptors must accompany it.
std::size_t fds_of(const Message& message);

// As setrlimit() takes it; soft and hard alike.
struct ResourceLimit {
  std::uint32_t resource = 0;
  std::uint64_t value = 0;
};
struct Credentials {
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::vector<std::uint32_t> groups;  // all of them, at most groups_max
};
struct WorkerAccess {
  std::vector<ResourceLimit> limits;
  std::optional<Credentials> credentials;  // nothing: the nursery's own
  bool no_new_privs = false;
};

// What a worker is to be. `argv[0]` is the program: a path, or a name looked up in the PATH of `environment`.
struct WorkerRequest {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // all of it, NAME=value
  std::string working_directory;         // empty: the nursery's, which is the host's at its start
  std::vector<std::uint32_t> cpus;       // empty: any
  WorkerAccess access = {};
};

// Nothing where no process can be made of it: no program, a NUL inside a string, an environment entry without a name,
// a cpu over cpu_max, more than request_bytes_max.
std::optional<std::string> encode_request(const WorkerRequest& request);
std::optional<WorkerRequest> decode_request(std::string_view bytes);

}  // namespace clutch::nursery
