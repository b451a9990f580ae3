#include "io/status_page.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace clutch::io {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::uint64_t layout = 0x636c'7574'6368'0001;
enum Cell : std::size_t {
  cell_layout,
  cell_begun_loop,
  cell_begun_thread,
  cell_ticks,
  cell_tick_time,
  cell_first_step,
  cell_first_step_since,
  cell_in_flight
};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

StatusPage::StatusPage() : fd_(::memfd_create("clutch-page", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  if (!fd_ || ::ftruncate(fd_.get(), page_bytes) != 0) fail("cannot make a status page");
  // A page that its worker could shrink would end this process with SIGBUS.
  if (::fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    fail("cannot seal a status page");
  void* at = ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (at == MAP_FAILED) fail("cannot map a status page");
  cells_ = static_cast<std::uint64_t*>(at);
  cells_[cell_layout] = layout;
}

StatusPage::~StatusPage() { ::munmap(cells_, page_bytes); }

PageReading StatusPage::read() const noexcept {
  const auto cell = [this](Cell at) { return std::atomic_ref(cells_[at]).load(std::memory_order_acquire); };
  const auto time = [&cell](Cell at) {
    const auto nanoseconds = std::min<std::uint64_t>(cell(at), INT64_MAX);
    return core::Time(core::Duration(static_cast<std::int64_t>(nanoseconds)));
  };
  PageReading reading{.begun_loop = cell(cell_begun_loop), .begun_thread = cell(cell_begun_thread)};
  reading.pulse.ticks = cell(cell_ticks);
  reading.pulse.tick_time = time(cell_tick_time);
  reading.pulse.first_step = cell(cell_first_step);  // in this order: it is written last and cleared first
  reading.pulse.first_step_since = time(cell_first_step_since);
  reading.pulse.in_flight = cell(cell_in_flight);
  return reading;
}

}  // namespace clutch::io
