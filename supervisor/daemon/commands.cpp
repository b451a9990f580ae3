// What clients have the daemon do: COMMAND of PROTOCOL.md.
#include <unistd.h>

#include "clutch/log.hpp"
#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/writer.hpp"
#include "daemon/daemon.hpp"

namespace clutch::daemon {
namespace {

// Of a map that has this key and no other.
std::optional<std::string_view> only_text(protocol::Span arguments, std::string_view wanted) {
  protocol::Cursor cursor(arguments);
  std::size_t pairs = 0;
  std::string_view key;
  std::string_view text;
  const bool is = cursor.map(pairs) && pairs == 1 && cursor.string(key) && key == wanted && cursor.string(text);
  return is ? std::optional(text) : std::nullopt;
}

bool is_empty_map(protocol::Span arguments) {
  protocol::Cursor cursor(arguments);
  std::size_t pairs = 0;
  return cursor.map(pairs) && pairs == 0;
}

// One answer for all of them, when the last is done.
struct AskedReload {
  struct Pool {
    std::string name;
    std::optional<Error> error;
  };

  io::CommandDone done;
  std::size_t open = 0;
  std::vector<Pool> pools;

  void answer() const {
    protocol::Writer writer;
    writer.map(1);
    writer.string("pools");
    writer.array(pools.size());
    for (const auto& pool : pools) {
      writer.map(3);
      writer.string("name");
      writer.string(pool.name);
      writer.string("reloaded");
      writer.boolean(!pool.error);
      writer.string("error");
      writer.string(pool.error ? describe(*pool.error) : std::string());
    }
    done(writer.blob());
  }
};

}  // namespace

void Daemon::on_command(std::string_view name, protocol::Span arguments, io::CommandDone done) {
  if (name == "lift") return lift(arguments, done);
  if (name == "reload") return reload(arguments, std::move(done));
  if (name == "drain") {
    drains_.push_back(std::move(done));
    return loop_.post([this] { drain(false); });  // not from within a message that may have more records
  }
  done(make_error(Code::not_found, Stage::lookup, Certainty::not_started,
                  "this daemon (clutch " + release_ + ") does not know the command `" + escaped(name) +
                      "`; it knows drain, lift and reload"));
}

void Daemon::lift(protocol::Span arguments, const io::CommandDone& done) {
  const auto fingerprint = only_text(arguments, "fingerprint");
  if (!fingerprint) {
    return done(make_error(Code::invalid_argument, Stage::arguments, Certainty::not_started,
                           "lift needs `fingerprint`, a text: one that is in quarantine, or all"));
  }
  std::size_t lifted = 0;
  for (const auto& pool : pools_) lifted += pool.shell->core().lift_quarantine(*fingerprint);
  if (lifted == 0) {
    return done(make_error(Code::not_found, Stage::lookup, Certainty::not_started,
                           "nothing of the fingerprint `" + escaped(*fingerprint) +
                               "` is in quarantine: `clutch quarantine` lists what is"));
  }
  note(LogLevel::info, "lifted from quarantine: " + escaped(*fingerprint));
  protocol::Writer writer;
  writer.map(1);
  writer.string("lifted");
  writer.uint(lifted);
  done(writer.blob());
}

void Daemon::reload(protocol::Span arguments, io::CommandDone done) {
  const auto wanted = only_text(arguments, "pool");
  if (!wanted && !is_empty_map(arguments)) {
    return done(make_error(Code::invalid_argument, Stage::arguments, Certainty::not_started,
                           "reload takes `pool`, the name of the only one to be reloaded, or nothing"));
  }
  if (state_ != State::serving) {
    return done(make_error(Code::unavailable, Stage::setup, Certainty::not_started,
                           "the daemon is about to end, and reloads nothing any more"));
  }
  const auto asked = std::make_shared<AskedReload>();
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < pools_.size(); ++i) {
    if (wanted && *wanted != config_.pools[i].name) continue;
    chosen.push_back(i);
    asked->pools.push_back({config_.pools[i].name, std::nullopt});
  }
  if (chosen.empty()) {
    return done(make_error(Code::not_found, Stage::lookup, Certainty::not_started,
                           "the daemon has no pool `" + escaped(*wanted) + "`: `clutch ps` lists its pools"));
  }
  asked->done = std::move(done);
  asked->open = chosen.size();
  const auto now = io::EventLoop::Clock::now();
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const auto on_end = [asked, i](const std::optional<Error>& error) {
      asked->pools[i].error = error;
      if (--asked->open == 0) asked->answer();
    };
    pools_[chosen[i]].shell->reload(on_end, now);
  }
}

void Daemon::answer_drains() {
  for (const auto& done : std::exchange(drains_, {})) {
    protocol::Writer writer;
    writer.map(2);
    writer.string("pid");
    writer.uint(static_cast<std::uint64_t>(::getpid()));
    writer.string("lost");
    writer.uint(lost_calls() - lost_before_);
    done(writer.blob());
  }
}

}  // namespace clutch::daemon
