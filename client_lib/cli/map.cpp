#include "map.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "arguments.hpp"
#include "clutch/protocol/limits.hpp"
#include "exit_code.hpp"
#include "json.hpp"

namespace clutch::cli {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(100);  // at the signals, and of the progress bar
constexpr auto drain_time = std::chrono::seconds(5);
constexpr auto cancel_time = std::chrono::seconds(3);

// Emptying the output would empty the input.
std::unique_ptr<Output> open_output(const std::string& file, const LineReader& input) {
  if (file.empty()) return std::make_unique<Output>();
  struct stat in {};
  struct stat out {};
  const bool same = ::fstat(input.fd(), &in) == 0 && ::stat(file.c_str(), &out) == 0 && S_ISREG(in.st_mode) &&
                    in.st_dev == out.st_dev && in.st_ino == out.st_ino;
  if (same) throw std::runtime_error("input and output are the same file, " + file);
  return std::make_unique<Output>(file);
}

Error too_long() {
  Error error;
  error.code = Code::invalid_argument;
  error.stage = Stage::arguments;
  error.message = fmt::format("the line has more than {} bytes", limits::payload_bytes_max);
  return error;
}

}  // namespace

Map::Map(const Options& options)
    : options_(options),
      input_(options.map.input, limits::payload_bytes_max),
      output_(open_output(options.map.output, input_)),
      window_(options.map.in_flight),
      progress_(options.map.progress && Progress::possible() && !output_->is_terminal(), input_.size()),
      stop_fd_(::eventfd(0, EFD_CLOEXEC)) {}

Map::~Map() {
  stop();
  if (reader_.joinable()) reader_.join();
  ::close(stop_fd_);
}

// Any thread. No further line is read.
void Map::stop() noexcept {
  window_.stop();
  ::eventfd_write(stop_fd_, 1);
}

void Map::read(const Caller& caller) {
  try {
    while (window_.wait_for_room()) {
      const auto line = input_.next(stop_fd_);
      if (!line) break;
      Result<CallArguments> arguments = line->too_long ? too_long() : parse_line(line->text, options_.map.spread);
      if (!arguments) {
        window_.push({arguments.error(), line->bytes});
      } else {
        window_.push({caller.apply<Value>(options_.function, std::move(arguments).value()), line->bytes});
      }
    }
  } catch (const std::exception& error) {
    read_problem_ = error.what();
  }
  window_.close();
}

void Map::cancel_if_due(const Signals& signals) {
  const auto now = Progress::Clock::now();
  if (signals.count() == 0) return;
  if (!drain_until_) drain_until_ = now + drain_time;
  if (cancelled_ || (signals.count() == 1 && now < *drain_until_)) return;
  cancelled_ = true;
  drain_until_ = now + cancel_time;
  window_.cancel_all();
}

// Whether it is over; not, only where it was cancelled in vain.
bool Map::wait(Call<Value>& call, const Signals& signals) {
  if (call.ready()) return true;
  if (!output_->flush()) return false;
  while (!call.wait_for(look_interval)) {
    progress_.update(done_);
    cancel_if_due(signals);
    if (cancelled_ && Progress::Clock::now() > *drain_until_) return false;
  }
  return true;
}

// False: nothing more is to be written.
bool Map::write_line(PendingLine& line, const Signals& signals) {
  auto* call = std::get_if<Call<Value>>(&line.call);
  if (call != nullptr && !wait(*call, signals)) return false;
  Result<Value> result = call != nullptr ? call->get() : Result<Value>(std::move(std::get<Error>(line.call)));
  // What the interruption cancelled is not done; the lines before it are, without a gap.
  if (!result && cancelled_ && result.error().code == Code::cancelled) return false;
  text_.clear();
  if (!result) {
    write_json(text_, failure(result.error()));
  } else if (options_.json) {
    write_json(text_, success(std::move(result).value()));
  } else {
    write_json(text_, result.value());
  }
  if (!output_->line(text_)) return false;
  ++done_.lines;
  if (!result) ++done_.failed;
  done_.bytes += line.bytes;
  return true;
}

void Map::write(const Signals& signals) {
  while (!window_.over()) {
    progress_.update(done_);
    PendingLine* line = window_.front(std::chrono::seconds(0));
    if (line == nullptr) {
      if (!output_->flush()) return;
      line = window_.front(look_interval);
    }
    cancel_if_due(signals);
    if (line == nullptr) continue;
    if (!write_line(*line, signals)) return;
    window_.pop();
  }
}

int Map::run(const Caller& caller, Signals& signals) {
  signals.handle([this, &signals](int count) {
    stop();
    if (count > 2) signals.leave();
  });
  reader_ = std::thread([this, &caller] { read(caller); });
  write(signals);
  stop();
  reader_.join();
  signals.release();
  static_cast<void>(output_->flush());
  progress_.clear();
  return end(signals);
}

int Map::end(const Signals& signals) {
  const auto say = [](const std::string& text) { std::fprintf(stderr, "clutch: %s\n", text.c_str()); };
  std::string done = with_commas(done_.lines) + (done_.lines == 1 ? " line" : " lines") + " done";
  if (done_.failed != 0) done += ", " + with_commas(done_.failed) + " failed";
  done += " in " + spoken(progress_.elapsed());
  if (output_->closed()) return Exit::output_closed;
  if (const auto problem = output_->problem(); !problem.empty()) {
    say(problem + "; " + done);
    return Exit::failed;
  }
  if (signals.count() > 0) {
    say("interrupted: " + done + "; to go on, begin with line " + std::to_string(done_.lines + 1));
    return signals.exit_code();
  }
  if (!read_problem_.empty()) {
    say(read_problem_ + "; " + done);
    return Exit::failed;
  }
  if (done_.failed != 0 || Progress::possible()) say(done);
  return done_.failed != 0 ? Exit::failed : Exit::done;
}

}  // namespace clutch::cli
