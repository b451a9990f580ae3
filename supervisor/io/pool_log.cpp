#include "io/pool_log.hpp"

#include <cstdio>

namespace clutch::io {

void PoolLog::write(LogLevel level, std::string source, std::string_view text) {
  if (!wants(level)) return;
  LogRecord record{level, std::chrono::system_clock::now(), std::move(source), escaped(text)};
  if (sink_) {
    sink_(record);
    return;
  }
  const auto name = to_string(level);
  std::fprintf(stderr, "clutch %.*s [%s] %s\n", static_cast<int>(name.size()), name.data(), record.source.c_str(),
               record.text.c_str());
}

}  // namespace clutch::io
