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
  core/timer_wheel.cpp
  io/boot.cpp
  io/environment.cpp
  io/find_program.cpp
  io/lane.cpp
  io/line_drain.cpp
  io/nursery_link.cpp
  io/pool_log.cpp
  io/pool_shell.cpp
  io/runtime_directory.cpp
  io/status_page.cpp
  io/worker_channel.cpp
  io/worker_sources.cpp)
