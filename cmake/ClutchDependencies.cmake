# The distribution's packages; nothing is downloaded. Those of one target only are found beside it.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(cppzmq REQUIRED)
find_package(msgpack REQUIRED NAMES msgpackc-cxx msgpack-cxx msgpack CONFIG)
include(ClutchZeroMQVersion)

# The headers alone: what links against a static library of ours needs no msgpack of its own.
if(TARGET msgpackc-cxx)
  set(clutch_msgpack msgpackc-cxx)
else()
  set(clutch_msgpack msgpack-cxx)
endif()
