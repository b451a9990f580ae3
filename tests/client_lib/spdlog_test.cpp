#include "clutch/spdlog.hpp"

#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "client_lib/support.hpp"

namespace clutch::testing_support {
namespace {

TEST(Spdlog, TakesRecordsWithTheirLevelTimeAndSource) {
  std::ostringstream out;
  auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger->set_pattern("%E %l %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::info);
  const LogSink sink = spdlog_sink(logger);
  const std::chrono::system_clock::time_point time{std::chrono::seconds(1'000)};
  sink({LogLevel::debug, time, "pool p", "not shown"});
  sink({LogLevel::info, time, "pool p", "100 % {} ready"});
  sink({LogLevel::warning, time, "worker p/0", "slow"});
  sink({LogLevel::error, time, "worker p/0", "gone"});
  EXPECT_EQ(out.str(),
            "1000 info [pool p] 100 % {} ready\n1000 warning [worker p/0] slow\n1000 error [worker p/0] gone\n");
}

}  // namespace
}  // namespace clutch::testing_support
