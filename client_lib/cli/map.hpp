// `clutch map`: one thread reads lines and begins their calls, another writes the results in the order of the lines.
// Between them is a window of --in-flight lines, which bounds memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "clutch/caller.hpp"
#include "line_reader.hpp"
#include "map_window.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "signals.hpp"

namespace clutch::cli {

class Map {
 public:
  /// Opens the files. Throws std::runtime_error, with a sentence, where it cannot.
  explicit Map(const Options& options);
  ~Map();
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  /// Gives the exit code, having told on stderr what was done.
  [[nodiscard]] int run(const Caller& caller, Signals& signals);

 private:
  void read(const Caller& caller);
  void write(const Signals& signals);
  [[nodiscard]] bool wait(Call<Value>& call, const Signals& signals);
  void cancel_if_due(const Signals& signals);
  [[nodiscard]] bool write_line(PendingLine& line, const Signals& signals);
  void stop() noexcept;
  [[nodiscard]] int end(const Signals& signals);

  const Options& options_;
  LineReader input_;
  std::unique_ptr<Output> output_;
  MapWindow window_;
  Progress progress_;
  Progress::State done_;
  int stop_fd_;
  std::string read_problem_;  // the reader's, read after its end
  std::string text_;
  std::optional<Progress::Clock::time_point> drain_until_;  // since the first signal
  bool cancelled_ = false;
  std::thread reader_;
};

}  // namespace clutch::cli
