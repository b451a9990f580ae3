#include "io/worker_channel.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <system_error>
#include <utility>

#include "clutch/protocol/limits.hpp"
#include "io/access.hpp"
#include "io/pool_log.hpp"

namespace clutch::io {
namespace {

using protocol::RecordType;

constexpr int messages_a_turn = 64;
constexpr int fault_signal = 3;  // beyond SIGRTMIN (PROTOCOL.md, "File descriptors of a worker")
constexpr std::size_t fault_bytes_max = 1u << 20;
constexpr std::size_t said_bytes_max = 2048;
constexpr int death_ms_max = 2000;
constexpr std::size_t where_bytes_max = 64u << 10;
constexpr auto drain_bound = std::chrono::milliseconds(200);

// "LEVEL\tLOGGER\tTEXT" of the log pipe; anything else is passed on as it is.
void write_python_record(PoolLog& log, const std::string& source, std::string_view line) {
  const auto first = line.find('\t');
  const auto second = first == std::string_view::npos ? first : line.find('\t', first + 1);
  if (second == std::string_view::npos) return log.write(LogLevel::info, source, line);
  const auto name = line.substr(0, first);
  const auto level = name == "DEBUG"     ? LogLevel::debug
                     : name == "INFO"    ? LogLevel::info
                     : name == "WARNING" ? LogLevel::warning
                                         : LogLevel::error;
  log.write(level, source + " " + std::string(line.substr(first + 1, second - first - 1)), line.substr(second + 1));
}

}  // namespace

WorkerChannel::WorkerChannel(EventLoop& loop, ZmqContext& context, const std::filesystem::path& directory,
                             const BootPlan& plan, PoolLog& log, const core::Spawn& spawn)
    : loop_(loop),
      plan_(plan),
      log_(log),
      spawn_(spawn),
      source_("worker " + log.name() + "/" + std::to_string(spawn.worker.value)),
      data_endpoint_((directory / (std::to_string(spawn.incarnation.value) + ".data")).string()),
      control_endpoint_((directory / (std::to_string(spawn.incarnation.value) + ".control")).string()),
      data_(context, data_endpoint_),
      control_(context, control_endpoint_),
      fault_(::memfd_create("clutch-fault", MFD_CLOEXEC)),
      output_(plan.options.output_bytes_per_second),
      out_([this](std::string_view line) {
        on_line(line, [this](std::string_view text) { log_.write(LogLevel::info, source_ + " stdout", text); });
      }),
      err_([this](std::string_view line) {
        if (attached() || said_.size() >= said_bytes_max) {
          on_line(line, [this](std::string_view text) { log_.write(LogLevel::info, source_ + " stderr", text); });
        }
        if (!ready_ && said_.size() < said_bytes_max) said_ += (said_.empty() ? "" : "\n") + std::string(line);
      }),
      log_pipe_([this](std::string_view line) {
        on_line(line, [this](std::string_view text) { write_python_record(log_, source_, text); });
      }) {
  int pair[2];
  if (!fault_ || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a worker's descriptors");
  }
  watchdog_.reset(pair[0]);
  watchdog_theirs_.reset(pair[1]);
  if (const auto& credentials = plan_.access.credentials) {
    for (const auto& socket : {data_endpoint_, control_endpoint_}) give_socket(socket, credentials->user);
  }
  loop_.add(data_.fd(), [this] { attention_ = true; });
  loop_.add(control_.fd(), [this] { attention_ = true; });
  watch_pipes();
}

WorkerChannel::~WorkerChannel() {
  for (const int fd : {data_.fd(), control_.fd(), out_.read_fd(), err_.read_fd(), log_pipe_.read_fd()})
    loop_.remove(fd);
  if (watchdog_watched_) loop_.remove(watchdog_.get());
}

bool WorkerChannel::ask_where(core::CallId call, OnWhere on_where) {
  on_where_ = std::move(on_where);
  return ask_watchdog("WHERE " + std::to_string(call.value));
}

bool WorkerChannel::ask_blocked(OnBlocked on_blocked) {
  on_blocked_ = std::move(on_blocked);
  return ask_watchdog("BLOCKED");
}

bool WorkerChannel::signal_fault() const {
  return pidfd_ && ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGRTMIN + fault_signal, nullptr, 0) == 0;
}

// Watched from the first question on.
bool WorkerChannel::ask_watchdog(std::string_view question) {
  const auto sent = ::send(watchdog_.get(), question.data(), question.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(question.size())) return false;
  if (!std::exchange(watchdog_watched_, true)) loop_.add(watchdog_.get(), [this] { read_watchdog(); });
  return true;
}

void WorkerChannel::read_watchdog() {
  std::string text(where_bytes_max, '\0');
  const auto size = ::recv(watchdog_.get(), text.data(), text.size(), MSG_DONTWAIT);
  if (size <= 0) {
    if (size == 0) loop_.remove(watchdog_.get());  // it is ending
    return;
  }
  text.resize(static_cast<std::size_t>(size));
  const bool where = text.starts_with("WHERE ");
  const std::string_view head = where ? "WHERE " : "BLOCKED ";
  std::uint64_t call = 0;
  if (!text.starts_with(head)) return;
  const auto [end, error] = std::from_chars(text.data() + head.size(), text.data() + text.size(), call);
  if (error != std::errc() || end == text.data() + text.size() || *end != '\n') return;
  const auto stack = std::string_view(text).substr(static_cast<std::size_t>(end + 1 - text.data()));
  const auto& told = where ? on_where_ : on_blocked_;
  if (told) told(core::CallId{call}, stack);
}

void WorkerChannel::watch_pipes() {
  for (LineDrain* pipe : {&out_, &err_, &log_pipe_}) {
    loop_.add(pipe->read_fd(), [this, pipe] {
      if (!pipe->drain()) loop_.remove(pipe->read_fd());
    });
  }
}

// A worker that prints without end is read without end, so that it never waits, and not all of it is kept.
void WorkerChannel::on_line(std::string_view line, const std::function<void(std::string_view)>& write) {
  constexpr std::size_t record_bytes = 64;  // what a line costs beside its text
  switch (output_.take(line.size() + record_bytes, EventLoop::Clock::now())) {
    case OutputBudget::Verdict::pass:
      tell_dropped();
      return write(line);
    case OutputBudget::Verdict::drop_first:
      return log_.write(LogLevel::warning, source_,
                        "prints and logs more than " + std::to_string(plan_.options.output_bytes_per_second) +
                            " bytes a second (output_bytes_per_second): what is beyond is dropped");
    case OutputBudget::Verdict::drop:
      return;
  }
}

void WorkerChannel::tell_dropped() {
  if (const auto dropped = output_.take_dropped(); dropped != 0) {
    log_.write(LogLevel::warning, source_, std::to_string(dropped) + " bytes of its output were dropped");
  }
}

SpawnRequest WorkerChannel::spawn_request() const {
  SpawnRequest request;
  request.incarnation = spawn_.incarnation.value;
  request.argv = plan_.command("ipc://" + data_endpoint_, "ipc://" + control_endpoint_, spawn_.incarnation.value);
  request.environment = plan_.environment;
  const auto& cpus = plan_.options.cpus;
  if (!cpus.empty()) request.cpus = cpus[spawn_.place % cpus.size()];
  request.access = plan_.access;
  request.fds = {.page = page_.fd(),
                 .watchdog = watchdog_theirs_.get(),
                 .fault = fault_.get(),
                 .log = log_pipe_.write_fd(),
                 .out = out_.write_fd(),
                 .err = err_.write_fd()};
  return request;
}

void WorkerChannel::close_handed_down() {
  page_.release_fd();
  watchdog_theirs_.reset();
  out_.close_write_fd();
  err_.close_write_fd();
  log_pipe_.close_write_fd();
}

void WorkerChannel::on_spawned(Spawned&& spawned) {
  pid_ = spawned.pid;
  pidfd_ = std::move(spawned.pidfd);
}

void WorkerChannel::begin_data() {
  outgoing_.begin(spawn_.incarnation.value);
  outgoing_frames_.clear();
  outgoing_open_ = true;
}

bool WorkerChannel::run(const core::Run& run) {
  bool sent = true;
  const auto& frames = run.request.frames;
  if (outgoing_open_ &&
      (outgoing_.full() || outgoing_frames_.size() + frames.size() > limits::frames_per_message_max)) {
    sent = flush();
  }
  if (!outgoing_open_) begin_data();
  const std::size_t extras = (run.request.kwargs.empty() ? 0u : 1u) + (frames.empty() ? 0u : 1u) +
                             (run.metadata.empty() ? 0u : 1u) + (run.attempt == 1 ? 0u : 1u) +
                             (run.deadline == core::never ? 0u : 1u) + (run.stream ? 1u : 0u);
  auto& writer = outgoing_.record(RecordType::run, extras == 0 ? 5 : 6);
  writer.uint(run.seq);
  writer.uint(run.call.value);
  writer.uint(run.function);
  writer.uint(wire_time(run.expires));
  writer.binary(run.request.args.bytes());
  if (extras == 0) return sent;
  writer.map(extras);
  if (!run.request.kwargs.empty()) {
    writer.string("kwargs");
    writer.binary(run.request.kwargs.bytes());
  }
  if (!frames.empty()) {
    writer.string("frames");
    protocol::write_frame_names(writer, frames, outgoing_frames_.size() + 1);
    for (const auto& frame : frames) outgoing_frames_.push_back(frame.bytes);
  }
  if (!run.metadata.empty()) {
    writer.string("metadata");
    writer.raw(run.metadata.bytes());
  }
  if (run.attempt != 1) {
    writer.string("attempt");
    writer.uint(run.attempt);
  }
  if (run.deadline != core::never) {
    writer.string("deadline");
    writer.uint(wire_time(run.deadline));
  }
  if (run.stream) {
    writer.string("stream");
    writer.array(2);
    writer.uint(run.stream->items);
    writer.uint(run.stream->bytes);
  }
  return sent;
}

bool WorkerChannel::flush() {
  if (!outgoing_open_) return true;
  outgoing_open_ = false;
  attention_ = true;  // a send may have swallowed the descriptor's edge
  return data_.send(outgoing_.finish(), outgoing_frames_);
}

bool WorkerChannel::flush_controls() {
  while (!cancels_.empty() || !credits_.empty()) {
    control_out_.begin(spawn_.incarnation.value);
    auto cancel = cancels_.begin();
    for (; cancel != cancels_.end() && !control_out_.full(); ++cancel) {
      auto& writer = control_out_.record(RecordType::cancel, 3);
      writer.uint(cancel->seq);
      writer.uint(cancel->call.value);
      writer.uint(cancel->deadline ? 1 : 0);
    }
    auto credit = credits_.begin();
    for (; credit != credits_.end() && !control_out_.full(); ++credit) {
      auto& writer = control_out_.record(RecordType::credit, 4);
      writer.uint(credit->first);
      writer.uint(credit->second.call.value);
      writer.uint(credit->second.credit.items);
      writer.uint(credit->second.credit.bytes);
    }
    attention_ = true;
    if (!control_.send(control_out_.finish())) return false;
    cancels_.erase(cancels_.begin(), cancel);
    credits_.erase(credits_.begin(), credit);
  }
  return true;
}

void WorkerChannel::ping(std::uint64_t n) {
  tell_dropped();  // where it prints nothing more that would
  control_out_.begin(spawn_.incarnation.value);
  control_out_.record(RecordType::ping, 1).uint(n);
  static_cast<void>(control_.send(control_out_.finish()));  // unsent, it is unanswered
  attention_ = true;
}

void WorkerChannel::stop(core::Time by) {
  control_out_.begin(spawn_.incarnation.value);
  control_out_.record(RecordType::stop, 1).uint(wire_time(by));
  static_cast<void>(control_.send(control_out_.finish()));
  attention_ = true;
}

bool WorkerChannel::receive(core::PoolCore& core, core::Time now) {
  attention_ = false;
  const bool more_control = receive_on(control_, LaneName::control, core, now);
  const bool more_data = receive_on(data_, LaneName::data, core, now);
  attention_ = attention_ || more_control || more_data;
  return attention_;
}

bool WorkerChannel::receive_on(Lane& lane, LaneName name, core::PoolCore& core, core::Time now) {
  for (int i = 0; i < messages_a_turn; ++i) {
    if (!lane.receive(received_)) return lane.readable();
    on_message(received_, name, core, now);
  }
  return true;
}

void WorkerChannel::on_attached(LaneName lane) {
  auto& attached = attached_[static_cast<std::size_t>(lane)];
  if (attached) return;
  if (!this->attached()) tell_held();
  attached = true;
  (lane == LaneName::data ? data_ : control_).close_door();
  if (attached_[0] && attached_[1]) send_boot();
}

// Of a Python that ends before it comes to its lanes, what it said is in the error, and need not be told twice.
void WorkerChannel::tell_held() {
  for (std::size_t at = 0; at < said_.size();) {
    const auto end = std::min(said_.find('\n', at), said_.size());
    log_.write(LogLevel::info, source_ + " stderr", std::string_view(said_).substr(at, end - at));
    at = end + 1;
  }
}

void WorkerChannel::send_boot() {
  protocol::Envelope envelope;
  envelope.begin(spawn_.incarnation.value);
  plan_.write_config(envelope.record(RecordType::boot, 1), spawn_.by);
  static_cast<void>(data_.send(envelope.finish()));  // unsent, start_timeout tells
  attention_ = true;
}

void WorkerChannel::read_page(core::PoolCore& core, core::Time now) const {
  const auto page = page_.read();
  // In this order: what is seen to have begun may make room for calls, which need to know of a long first step.
  core.on_pulse(spawn_.worker, spawn_.incarnation, page.pulse, now);
  core.on_page(spawn_.worker, spawn_.incarnation, page.begun_loop, page.begun_thread, now);
}

void WorkerChannel::on_exited(core::Exit exit, core::Time now) {
  exit_ = std::move(exit);
  drained_by_ = now + drain_bound;
}

void WorkerChannel::await_death() {
  lost_with_nursery_ = true;
  if (!pidfd_) return;
  pollfd death{pidfd_.get(), POLLIN, 0};
  ::poll(&death, 1, death_ms_max);
}

bool WorkerChannel::lane_lost() noexcept {
  return (attached_[0] && data_.peer_gone()) || (attached_[1] && control_.peer_gone());
}

bool WorkerChannel::drained(core::Time now) {
  const bool data_gone = !attached_[0] || data_.peer_gone();
  const bool control_gone = !attached_[1] || control_.peer_gone();
  return (data_gone && control_gone) || now >= drained_by_;
}

std::string WorkerChannel::read_fault() const {
  std::string text(fault_bytes_max, '\0');
  const auto size = ::pread(fault_.get(), text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

const core::Exit& WorkerChannel::take_last(core::PoolCore& core, core::Time now) {
  while (receive(core, now)) {
  }
  for (LineDrain* pipe : {&out_, &err_, &log_pipe_}) pipe->finish();
  tell_dropped();
  read_page(core, now);
  exit_->python_stack = read_fault();
  if (!ready_) exit_->said = said_;
  return *exit_;
}

}  // namespace clutch::io
