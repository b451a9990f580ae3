#include "progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "log.hpp"

namespace clutch::cli {
namespace {

constexpr auto interval = std::chrono::milliseconds(100);
constexpr std::size_t bar_columns_max = 40;
constexpr std::string_view erase_line = "\r\x1b[K";

void say(std::string_view text) { static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size())); }

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

double seconds_of(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::string with_commas(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string spoken(std::chrono::nanoseconds duration) {
  const double seconds = seconds_of(duration);
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(seconds);
  return fmt::format("{} min {:02} s", whole / 60, whole % 60);
}

bool Progress::possible() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

Progress::Progress(bool on, std::optional<std::uint64_t> bytes_total) : on_(on), bytes_total_(bytes_total) {
  if (on_) log_over_progress_bar(true);
}

std::string Progress::text(const State& state, std::size_t columns) const {
  const double rate = static_cast<double>(state.lines) / std::max(seconds_of(elapsed()), 1e-3);
  std::string counts =
      fmt::format("{} lines  {}/s", with_commas(state.lines), with_commas(static_cast<std::uint64_t>(rate)));
  if (state.failed != 0) counts += fmt::format("  {} failed", with_commas(state.failed));
  if (!bytes_total_ || *bytes_total_ == 0) return counts;
  const double share = std::min(1.0, static_cast<double>(state.bytes) / static_cast<double>(*bytes_total_));
  counts = fmt::format("{:3.0f}%  {}", share * 100, counts);
  if (columns < counts.size() + 10) return counts;
  const auto width = std::min(bar_columns_max, columns - counts.size() - 5);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(width));
  return '[' + std::string(filled, '#') + std::string(width - filled, ' ') + "] " + counts;
}

void Progress::update(const State& state) {
  const auto now = Clock::now();
  if (!on_ || now - drawn_ < interval) return;
  drawn_ = now;
  const auto columns = terminal_columns();
  say(std::string(erase_line) + text(state, columns).substr(0, columns - 1));
}

void Progress::clear() {
  if (!std::exchange(on_, false)) return;
  say(erase_line);
  log_over_progress_bar(false);
}

}  // namespace clutch::cli
