// The families of workloads: each measures its rows beside their floors and reports both.
#pragma once

#include "report.hpp"
#include "settings.hpp"

namespace clutch::bench {

void run_rtt(const Settings&, Report&);       ///< rtt, floor_rtt
void run_pipe(const Settings&, Report&);      ///< pipe, pipe2, floor_task
void run_await1ms(const Settings&, Report&);  ///< await1ms, floor_loop
void run_cpu(const Settings&, Report&);       ///< cpu1, cpu2, cpux
void run_bytes(const Settings&, Report&);     ///< bytes, floor_frame, floor_memcpy
void run_stream(const Settings&, Report&);    ///< stream, floor_for
void run_fan_in(const Settings&, Report&);    ///< fan_in
void run_cold(const Settings&, Report&);      ///< cold, floor_import
void run_respawn(const Settings&, Report&);   ///< respawn
void run_idle(const Settings&, Report&);      ///< idle
void run_inflight(const Settings&, Report&);  ///< inflight

}  // namespace clutch::bench
