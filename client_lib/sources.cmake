# What clutch::client is made of.
set(CLUTCH_CLIENT_SOURCES
  src/arguments.cpp
  src/call_arguments.cpp
  src/call_state.cpp
  src/caller.cpp
  src/client.cpp
  src/client_engine.cpp
  src/client_link.cpp
  src/client_session.cpp
  src/client_session_link.cpp
  src/codec.cpp
  src/completion_thread.cpp
  src/fake_pool.cpp
  src/fork_guard.cpp
  src/futex.cpp
  src/loop_engine.cpp
  src/path.cpp
  src/reader.cpp
  src/result.cpp
  src/retries.cpp
  src/retry.cpp
  src/value.cpp
  src/writer.cpp)

set(CLUTCH_POOL_SOURCES
  src/pool.cpp
  src/pool_engine.cpp)
