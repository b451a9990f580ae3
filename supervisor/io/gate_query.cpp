#include "io/gate_query.hpp"

#include <unistd.h>

#include <algorithm>

#include "core/fingerprint.hpp"
#include "io/gate_client.hpp"
#include "io/pool_shell.hpp"

namespace clutch::io {
namespace {

// One map: entries are counted as they are written.
class MapWriter {
 public:
  MapWriter(protocol::Writer& writer, std::size_t entries) : writer_(writer) { writer_.map(entries); }

  MapWriter& text(std::string_view key, std::string_view value) {
    writer_.string(key);
    writer_.string(value);
    return *this;
  }
  MapWriter& number(std::string_view key, std::uint64_t value) {
    writer_.string(key);
    writer_.uint(value);
    return *this;
  }
  protocol::Writer& key(std::string_view key) {
    writer_.string(key);
    return writer_;
  }

 private:
  protocol::Writer& writer_;
};

std::string_view name_of(core::PoolState state) noexcept {
  switch (state) {
    case core::PoolState::starting:
      return "starting";
    case core::PoolState::running:
      return "running";
    case core::PoolState::draining:
      return "draining";
    case core::PoolState::failed:
      return "failed";
    case core::PoolState::stopped:
      break;
  }
  return "stopped";
}

void write_function(protocol::Writer& writer, const core::Function& function, const std::string& pool) {
  MapWriter map(writer, 8);
  map.text("name", function.name).text("kind", core::to_string(function.kind)).text("signature", function.signature);
  map.text("doc", function.doc).number("limit", function.limit);
  map.text("per", function.limit == 0 ? "" : function.limit_per_pool ? "pool" : "worker");
  map.key("notes").array(function.notes.size());
  for (const auto& note : function.notes) writer.string(note);
  map.text("pool", pool);
}

void write_worker(protocol::Writer& writer, const PoolShell::WorkerFact& worker) {
  MapWriter map(writer, 9);
  map.number("worker", worker.worker).number("pid", static_cast<std::uint64_t>(worker.pid)).text("state", worker.state);
  map.number("incarnation", worker.incarnation).number("calls", worker.calls);
  map.number("restarts", worker.restarts).number("in_flight", worker.in_flight);
  map.number("suspended", worker.suspended).number("leaked", worker.leaked);
}

// Those that there were.
void write_ends(protocol::Writer& writer, const core::EndCounts& ends) {
  MapWriter map(writer, ends.size() - static_cast<std::size_t>(std::count(ends.begin(), ends.end(), 0u)));
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i] != 0) map.number(core::to_string(static_cast<core::EndReason>(i)), ends[i]);
  }
}

void write_pool(protocol::Writer& writer, const GatePool& pool) {
  const auto& core = pool.shell->core();
  const auto& counters = core.counters();
  MapWriter map(writer, 13);
  map.text("name", pool.name)
      .text("state", name_of(core.state()))
      .number("functions", core.functions().current().size());
  map.number("calls", core.calls()).number("queued", core.queued()).number("submitted", counters.submitted);
  map.number("delivered", counters.delivered).number("requeued", counters.requeued).number("deaths", counters.deaths);
  map.number("items", counters.items);
  write_ends(map.key("ends"), counters.ends);
  const auto& keys = core.idempotency_keys();
  MapWriter(map.key("idempotency"), 5)
      .number("joined", counters.keys_joined)
      .number("replayed", counters.keys_replayed)
      .number("refused", counters.keys_refused)
      .number("kept", keys.size())
      .number("kept_bytes", keys.bytes());
  const auto workers = pool.shell->worker_facts();
  map.key("workers").array(workers.size());
  for (const auto& worker : workers) write_worker(writer, worker);
}

void write_client(protocol::Writer& writer, const GateClient& client) {
  MapWriter map(writer, 7);
  map.text("name", client.name()).number("pid", client.pid()).number("calls", client.calls.size());
  map.number("replies_waiting", client.waiting_replies()).number("bytes_waiting", client.waiting_bytes());
  map.number("discarded", client.discarded()).number("streams", client.streams.streams());
}

}  // namespace

void write_functions(protocol::Writer& writer, const std::vector<GatePool>& pools) {
  std::size_t functions = 0;
  std::size_t left_out = 0;
  for (const auto& pool : pools) {
    functions += pool.shell->core().functions().current().size();
    left_out += pool.shell->core().left_out().size();
  }
  MapWriter map(writer, 2);
  map.key("functions").array(functions);
  for (const auto& pool : pools) {
    for (const auto* function : pool.shell->core().functions().current()) write_function(writer, *function, pool.name);
  }
  map.key("left_out").array(left_out);
  for (const auto& pool : pools) {
    for (const auto& entry : pool.shell->core().left_out()) {
      MapWriter(writer, 3).text("name", entry.name).text("why", entry.why).text("pool", pool.name);
    }
  }
}

void write_ps(protocol::Writer& writer, const DaemonFacts& facts, const std::vector<GatePool>& pools,
              const std::vector<const GateClient*>& clients, core::Time now) {
  MapWriter map(writer, 3);
  map.key("daemon");
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(now - facts.since).count();
  MapWriter(writer, 4)
      .number("pid", static_cast<std::uint64_t>(::getpid()))
      .text("release", facts.release)
      .text("endpoint", facts.endpoint)
      .number("up_s", static_cast<std::uint64_t>(up));
  map.key("pools").array(pools.size());
  for (const auto& pool : pools) write_pool(writer, pool);
  map.key("clients").array(clients.size());
  for (const auto* client : clients) write_client(writer, *client);
}

void write_quarantine(protocol::Writer& writer, const std::vector<GatePool>& pools, core::Time now) {
  std::vector<std::pair<std::string, core::Quarantine::Entry>> all;
  for (const auto& pool : pools) {
    for (auto& entry : pool.shell->core().quarantine(now)) all.emplace_back(pool.name, std::move(entry));
  }
  MapWriter map(writer, 1);
  map.key("quarantine").array(all.size());
  for (const auto& [pool, entry] : all) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(entry.until - now).count();
    MapWriter one(writer, 6);
    one.text("fingerprint", core::shown(entry.fingerprint)).text("function", entry.function);
    one.number("kills", entry.kills).key("refused").boolean(entry.quarantined);
    one.number("left_s", static_cast<std::uint64_t>(left)).text("pool", pool);
  }
}

void write_ping(protocol::Writer& writer, const DaemonFacts& facts) {
  MapWriter(writer, 2).number("pid", static_cast<std::uint64_t>(::getpid())).text("release", facts.release);
}

}  // namespace clutch::io
