# What the client library needs of io/ too.
set(CLUTCH_IO_BASE_SOURCES
  io/endpoint.cpp
  io/event_loop.cpp
  io/zmq_context.cpp)

set(CLUTCH_SUPERVISOR_SOURCES
  core/call.cpp
  core/dispatch.cpp
  core/endings.cpp
  core/functions.cpp
  core/life.cpp
  core/pool_core.cpp
  core/steps.cpp
  core/timer_wheel.cpp
  io/boot.cpp
  io/call_log.cpp
  io/client_door.cpp
  io/client_gate.cpp
  io/client_gate_records.cpp
  io/environment.cpp
  io/find_program.cpp
  io/gate_calls.cpp
  io/gate_client.cpp
  io/gate_query.cpp
  io/lane.cpp
  io/line_drain.cpp
  io/nursery_link.cpp
  io/pool_log.cpp
  io/pool_shell.cpp
  io/router.cpp
  io/runtime_directory.cpp
  io/status_page.cpp
  io/worker_channel.cpp
  io/worker_end.cpp
  io/worker_sources.cpp
  text/duration.cpp
  text/nearest.cpp)

# clutchd but for its main().
set(CLUTCH_DAEMON_SOURCES
  daemon/config.cpp
  daemon/config_table.cpp
  daemon/daemon.cpp
  daemon/log.cpp
  daemon/notify.cpp)
