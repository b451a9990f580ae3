// What starts a worker: its command line, its environment, the BOOT record; and how REGISTER reads.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "clutch/pool_options.hpp"
#include "clutch/protocol/records.hpp"
#include "core/functions.hpp"
#include "io/wire_time.hpp"
#include "nursery/messages.hpp"

namespace clutch::io {

/// What all incarnations of a pool's workers share, worked out once. Throws std::runtime_error, with a sentence that
/// says what to do, where the Python, the worker's sources or a directory of `path` is not there.
struct BootPlan {
  explicit BootPlan(const PoolOptions& options);

  std::string python;                    ///< absolute
  std::vector<std::string> environment;  ///< NAME=value
  std::vector<std::string> path;         ///< absolute
  nursery::WorkerAccess access;
  PoolOptions options;

  [[nodiscard]] std::vector<std::string> command(const std::string& data, const std::string& control,
                                                 std::uint64_t incarnation) const;
  /// BOOT's config map.
  void write_config(protocol::Writer&, core::Time setup_by) const;
};

/// The fields of REGISTER; nullopt where they are not as PROTOCOL.md says.
[[nodiscard]] std::optional<core::Registration> read_registration(const protocol::Record&);

}  // namespace clutch::io
