// A client's wish that the pools load their code anew: one answer, once the last of them is done.
#include "io/client_gate.hpp"
#include "io/pool_shell.hpp"

namespace clutch::io {

struct ClientGate::AskedReload {
  std::string peer;
  std::uint64_t query = 0;
  std::size_t open = 0;
  std::vector<std::optional<Error>> errors;  // by pool
};

void ClientGate::reload(const GateClient& client, std::uint64_t query, core::Time now) {
  const auto asked = std::make_shared<AskedReload>();
  asked->peer = sessions_[client.session().value]->id;
  asked->query = query;
  asked->open = pools_.size();
  asked->errors.resize(pools_.size());
  for (std::size_t i = 0; i < pools_.size(); ++i) {
    const auto on_end = [this, asked, i](const std::optional<Error>& error) {
      asked->errors[i] = error;
      if (--asked->open == 0) answer_reload(*asked);
    };
    pools_[i].shell->reload(on_end, now);
  }
}

void ClientGate::answer_reload(const AskedReload& asked) {
  const auto at = peers_.find(asked.peer);
  if (at == peers_.end() || !at->second->client) return;  // it has left
  protocol::Writer writer;
  writer.map(1);
  writer.string("pools");
  writer.array(pools_.size());
  for (std::size_t i = 0; i < pools_.size(); ++i) {
    writer.map(3);
    writer.string("name");
    writer.string(pools_[i].name);
    writer.string("reloaded");
    writer.boolean(!asked.errors[i]);
    writer.string("error");
    writer.string(asked.errors[i] ? describe(*asked.errors[i]) : std::string());
  }
  at->second->client->answer(asked.query, writer.blob());
  mark_dirty(*at->second);
}

}  // namespace clutch::io
