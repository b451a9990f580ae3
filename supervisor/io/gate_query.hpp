// What a QUERY is answered: maps made for people and programs, as `clutch functions --json` and `clutch ps --json`
// print them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clutch/protocol/writer.hpp"
#include "core/types.hpp"

namespace clutch::io {

class GateClient;
class PoolShell;

/// A pool as clients name it.
struct GatePool {
  std::string name;
  PoolShell* shell = nullptr;
};

struct DaemonFacts {
  std::string endpoint;
  std::string release;
  std::uint64_t boot = 0;
  core::Time since{};
};

/// {functions: [{name, kind, signature, doc, limit, per, notes, pool}], left_out: [{name, why, pool}]}
void write_functions(protocol::Writer&, const std::vector<GatePool>&);
/// {daemon: {…}, pools: [{…, workers: [{…}]}], clients: [{…}]}
void write_ps(protocol::Writer&, const DaemonFacts&, const std::vector<GatePool>&,
              const std::vector<const GateClient*>& clients, core::Time now);
/// {quarantine: [{fingerprint, function, kills, refused, left_s, pool}]}
void write_quarantine(protocol::Writer&, const std::vector<GatePool>&, core::Time now);
/// {pid, release}
void write_ping(protocol::Writer&, const DaemonFacts&);

}  // namespace clutch::io
