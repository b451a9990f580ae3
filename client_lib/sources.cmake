# What clutch::client is made of, but for the engines.
set(CLUTCH_CLIENT_SOURCES
  src/arguments.cpp
  src/call_state.cpp
  src/caller.cpp
  src/codec.cpp
  src/completion_thread.cpp
  src/futex.cpp
  src/path.cpp
  src/reader.cpp
  src/result.cpp
  src/value.cpp
  src/writer.cpp)

set(CLUTCH_POOL_SOURCES
  src/fork_guard.cpp
  src/loop_engine.cpp
  src/pool.cpp
  src/pool_engine.cpp)
