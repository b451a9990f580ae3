// clutch::Client: calls to a daemon, clutchd, that many programs share. The same calls as clutch::Pool's.
//
//   auto client = clutch::Client::connect().value();
//   std::string s = client.call<std::string>("async_module.async_function", "x").get().value();
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "clutch/caller.hpp"
#include "clutch/function_info.hpp"
#include "clutch/log.hpp"
#include "clutch/protocol/limits.hpp"
#include "clutch/result.hpp"
#include "clutch/value.hpp"

namespace clutch {

namespace detail {
class ClientEngine;
}

struct ClientOptions {
  std::string name = {};  ///< what `clutch ps` and the daemon's log call this client; empty: the program's name
  std::string pool = {};  ///< the pool of all its calls, where two have a function; CallOptions::pool goes before it
  /// How long the daemon may take to answer the greeting. After a connection is lost, calls wait as long for the daemon
  /// to come back; then they end as `unavailable` at once, while the client goes on trying.
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(5);
  std::size_t queued_calls_max = limits::queued_calls_max;  ///< not sent yet; beyond, calls end as `overloaded`
  std::size_t queued_bytes_max = limits::queued_bytes_max;
  /// Told of connections lost and made again; called on the client's own thread, must not call back. Empty: nobody.
  LogSink log = {};
};

/// Any thread may call; moving and destroying is for one at a time. In a forked child it is inert.
class [[nodiscard]] Client : public Caller {
 public:
  /// Returns when the daemon has answered. An Error of code `unavailable` says what to do where none listens.
  static Result<Client> connect(std::string endpoint, ClientOptions options = {});
  /// The user's own daemon, at default_endpoint().
  static Result<Client> connect(ClientOptions options = {});
  /// "ipc://$XDG_RUNTIME_DIR/clutch/clutchd.sock", or where that is not set one under /tmp that is this user's.
  [[nodiscard]] static std::string default_endpoint();

  /// Cancels what is still under way, but for detached calls, which run on in the daemon.
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// What can be called, and what of the modules cannot, and why. Blocks until the daemon has answered, or is lost.
  [[nodiscard]] Result<FunctionList> functions() const;
  /// What the daemon answers to a QUERY (PROTOCOL.md): "functions", "ps", "quarantine" or "ping".
  [[nodiscard]] Call<Value> query(std::string what) const;
  /// Has the daemon do something (PROTOCOL.md, COMMAND): "drain", "lift" or "reload". Ends when it is done, or with
  /// an Error if it was not.
  [[nodiscard]] Call<Value> command(std::string name, Value::Map arguments = {}) const;

 private:
  explicit Client(std::shared_ptr<detail::ClientEngine> engine, std::string pool);

  std::shared_ptr<detail::ClientEngine> engine_;
};

}  // namespace clutch
