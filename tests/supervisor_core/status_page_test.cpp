// The cells of the page, as PROTOCOL.md numbers them.
#include "io/status_page.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace clutch::io {
namespace {

void write_cell(const StatusPage& page, int cell, std::uint64_t value) {
  ASSERT_EQ(::pwrite(page.fd(), &value, sizeof value, cell * 8), 8);
}

TEST(StatusPage, IsReadCellByCell) {
  const StatusPage page;
  for (int cell = 1; cell <= 7; ++cell) write_cell(page, cell, static_cast<std::uint64_t>(100 * cell));
  const auto reading = page.read();
  EXPECT_EQ(reading.begun_loop, 100u);
  EXPECT_EQ(reading.begun_thread, 200u);
  EXPECT_EQ(reading.pulse.ticks, 300u);
  EXPECT_EQ(reading.pulse.tick_time, core::Time(core::Duration(400)));
  EXPECT_EQ(reading.pulse.first_step, 500u);
  EXPECT_EQ(reading.pulse.first_step_since, core::Time(core::Duration(600)));
  EXPECT_EQ(reading.pulse.in_flight, 700u);
}

TEST(StatusPage, WithATimeThatCannotBeIsReadAllTheSame) {
  const StatusPage page;
  write_cell(page, 4, UINT64_MAX);
  write_cell(page, 6, UINT64_MAX);
  EXPECT_EQ(page.read().pulse.tick_time, core::never);
  EXPECT_EQ(page.read().pulse.first_step_since, core::never);
}

}  // namespace
}  // namespace clutch::io
