#include "daemon/daemon.hpp"

#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>
#include <system_error>

#include "clutch/protocol/cursor.hpp"
#include "io/descriptors.hpp"
#include "io/endpoint.hpp"

namespace clutch::daemon {
namespace {

constexpr auto last_goodbye = std::chrono::milliseconds(300);  // what was said last is not cut off by the close
constexpr auto last_answers = std::chrono::seconds(2);         // what clients have to take them
constexpr auto end_of_processes = std::chrono::seconds(10);    // after the last call
constexpr auto answer_interval = std::chrono::milliseconds(10);
constexpr auto descriptor_interval = std::chrono::milliseconds(100);  // while new clients are kept away
constexpr auto same_signal = std::chrono::milliseconds(100);  // told twice at once: to the process and to its group

int signal_fd() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGHUP);
  const int fd = ::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  return fd;
}

}  // namespace

Daemon::Daemon(const Config& config, LogSink sink, std::string release)
    : config_(config),
      sink_(std::move(sink)),
      release_(std::move(release)),
      log_(sink_, config.log_level, "clutchd"),
      door_(io::socket_path_of(config.listen)),
      loop_(guard_),
      signals_(signal_fd()) {
  loop_.add(signals_.get(), [this] { on_signal(); });
  pools_.reserve(config_.pools.size());
  for (const auto& pool : config_.pools) add_pool(pool);
}

void Daemon::add_pool(const PoolOptions& given) {
  auto options = given;
  options.log = sink_;
  options.log_level = config_.log_level;
  const auto at = pools_.size();
  io::PoolEvents events;
  events.on_outcome = [this](core::Delivery&& delivery) {
    if (gate_) gate_->on_outcome(std::move(delivery));
  };
  events.on_items = [this](core::ItemsDelivery&& delivery) {
    if (gate_) gate_->on_items(std::move(delivery));
  };
  events.on_receipt = [this](core::ReceiptDelivery&& receipt) {
    if (gate_) gate_->on_receipt(std::move(receipt));
  };
  events.on_started = [this, at] { pools_[at].started = true; };
  events.on_failed = [this, name = options.name](const Error& error) { on_pool_failed(name, error); };
  events.on_stopped = [this, at] { pools_[at].stopped = true; };
  auto& pool = pools_.emplace_back();
  pool.stop_timeout = options.stop_timeout;
  try {
    pool.shell = std::make_unique<io::PoolShell>(options, loop_, context_, std::move(events));
  } catch (const std::exception& error) {
    throw std::runtime_error("pool " + options.name + " cannot be started: " + error.what());
  }
}

ExitCode Daemon::run() {
  {
    const std::lock_guard lock(guard_);
    for (auto& pool : pools_) pool.shell->start(io::EventLoop::Clock::now());
    step();
  }
  while (!done_) {
    loop_.turn([this] { return has_work(); }, [this] { step(); });
  }
  gate_.reset();
  for (auto& pool : pools_) pool.shell->end_nursery();
  note(LogLevel::info, "ended");
  return failure_ ? exit_cannot_start : exit_done;
}

bool Daemon::has_work() {
  return done_ || (gate_ && gate_->has_mail()) ||
         std::any_of(pools_.begin(), pools_.end(), [](auto& pool) { return pool.shell->has_mail(); });
}

// Requests first, then the pools, then what goes back: one pass takes a call all the way that it can go by now.
void Daemon::step() {
  const auto now = io::EventLoop::Clock::now();
  if (gate_) gate_->receive(now);
  for (auto& pool : pools_) pool.shell->turn(now);
  if (gate_) gate_->flush(now);
  serve_if_started();
  watch_descriptors(now);
  end_if_stopped(now);
  manager_.beat(now);
  auto next = gate_ ? gate_->next_time(now) : core::never;
  for (const auto& pool : pools_) next = std::min(next, pool.shell->next_time(now));
  next = std::min(next, manager_.next_beat());
  if (!door_.lets_in()) next = std::min<core::Time>(next, now + descriptor_interval);
  if (state_ == State::ending) next = std::min<core::Time>(next, now + answer_interval);
  if (next != core::never) loop_.arm(next);
}

void Daemon::serve_if_started() {
  if (state_ != State::starting) return;
  if (!std::all_of(pools_.begin(), pools_.end(), [](const auto& pool) { return pool.started; })) return;
  std::vector<io::GatePool> named;
  for (std::size_t i = 0; i < pools_.size(); ++i) named.push_back({config_.pools[i].name, pools_[i].shell.get()});
  io::GateOptions options{door_.socket(), release_, config_.stalled_timeout, {}};
  options.on_command = [this](std::string_view name, protocol::Span arguments, io::CommandDone done) {
    on_command(name, arguments, std::move(done));
  };
  try {
    gate_ = std::make_unique<io::ClientGate>(std::move(options), loop_, context_, log_, std::move(named));
  } catch (const std::exception& error) {
    failure_.emplace().message = error.what();
    note(LogLevel::error, error.what());
    return drain(true);
  }
  if (const auto shortage = io::shortage_of(io::descriptors_in_use()); !shortage.empty()) {
    failure_.emplace().message = shortage;
    note(LogLevel::error, shortage);
    return drain(true);
  }
  state_ = State::serving;
  note(LogLevel::info, "ready: listening at " + config_.listen + " (pid " + std::to_string(::getpid()) + ")");
  manager_.tell("READY=1\nSTATUS=listening at " + config_.listen);
}

// While it serves, a pool that fails answers its calls itself; the others go on.
void Daemon::on_pool_failed(const std::string& name, const Error& error) {
  if (state_ != State::starting) return;
  failure_ = error;
  note(LogLevel::error, "pool " + name + " cannot be started: " + describe(error));
  loop_.post([this] { drain(true); });  // not from within the shell that tells
}

void Daemon::on_signal() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const auto now = io::EventLoop::Clock::now();
    if (info.ssi_signo == SIGHUP) {
      reload_all(now);
      continue;
    }
    if (told_ != core::Time{} && now - told_ < same_signal) continue;
    note(LogLevel::info, info.ssi_signo == SIGINT ? "told to end (SIGINT)" : "told to end (SIGTERM)");
    drain(told_ != core::Time{});
    told_ = now;
  }
}

std::uint64_t Daemon::lost_calls() const {
  std::uint64_t lost = 0;
  for (const auto& pool : pools_) lost += pool.shell->core().counters().lost;
  return lost;
}

// The pools' log tells how it went.
void Daemon::reload_all(core::Time now) {
  if (state_ != State::serving) return note(LogLevel::warning, "told to reload (SIGHUP), but it does not serve");
  note(LogLevel::info, "told to reload (SIGHUP)");
  for (auto& pool : pools_) {
    if (!pool.stopped) pool.shell->reload([](const std::optional<Error>&) {}, now);
  }
}

void Daemon::drain(bool at_once) {
  if (state_ == State::ending) {
    done_ = done_ || at_once;
    return answer_drains();
  }
  if (state_ != State::draining) tell_that_it_stops();
  state_ = State::draining;
  if (gate_) gate_->close();
  const auto now = io::EventLoop::Clock::now();
  for (auto& pool : pools_) {
    const auto bound = at_once ? std::chrono::nanoseconds(0) : pool.stop_timeout;
    if (!pool.stopped) pool.shell->drain(now + bound, now);
  }
  loop_.arm(now);  // a turn follows, also where no worker is left whose end would bring one
}

// libzmq aborts where a connection finds no descriptor: before that, newcomers find no socket.
void Daemon::watch_descriptors(core::Time now) {
  if (!gate_) return;
  const bool look = gate_->take_accepted() || (!door_.lets_in() && now - descriptors_counted_ >= descriptor_interval);
  if (!look) return;
  descriptors_counted_ = now;
  const auto use = io::descriptors_in_use();
  const bool let_in = io::DescriptorMarks::of(use.limit).let_in(use.free(), door_.lets_in());
  if (let_in == door_.lets_in()) return;
  try {
    door_.let_in(let_in);
  } catch (const std::exception& error) {
    return note(LogLevel::error, error.what());
  }
  const auto of = std::to_string(use.open) + " of " + std::to_string(use.limit) + " descriptors are in use: ";
  if (let_in) {
    note(LogLevel::info, of + "new clients are let in again");
  } else {
    note(LogLevel::warning, of + "new clients find no socket until there are more; those that are connected go on. "
                                 "Raise LimitNOFILE= (ulimit -n), or look who connects so often");
  }
}

// A manager's own bound for the stop may be shorter than what the calls under way were promised.
void Daemon::tell_that_it_stops() {
  lost_before_ = lost_calls();
  std::chrono::nanoseconds longest{};
  for (const auto& pool : pools_) longest = std::max(longest, pool.stop_timeout);
  const auto bound = std::chrono::duration_cast<std::chrono::microseconds>(longest) + end_of_processes;
  manager_.tell("STOPPING=1\nSTATUS=finishing the calls under way\nEXTEND_TIMEOUT_USEC=" +
                std::to_string(bound.count()));
}

void Daemon::end_if_stopped(core::Time now) {
  if (state_ == State::draining &&
      std::all_of(pools_.begin(), pools_.end(), [](const auto& pool) { return pool.stopped; })) {
    state_ = State::ending;
    end_by_ = now + last_answers;
    answer_drains();
    if (gate_) gate_->flush(now);
  }
  if (state_ != State::ending || (gate_ && gate_->has_replies() && now < end_by_)) return;
  if (gate_ && !done_ && !said_goodbye_) {
    gate_->say_goodbye();
    said_goodbye_ = true;
    end_by_ = now + last_goodbye;  // whoever has heard it leaves
  }
  done_ = done_ || !gate_ || !gate_->has_clients() || now >= end_by_;
}

}  // namespace clutch::daemon
