# What two archives would share, were they linked into one program: cmake -D NM=path -D ONE=a -D OTHER=b -P neighbour.cmake
cmake_minimum_required(VERSION 3.25)
function(shared_with_others archive out)
  execute_process(COMMAND ${NM} -C --defined-only ${archive} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  # Weak ones: of these the linker keeps the first it finds.
  string(REGEX MATCHALL "[0-9a-f]+ [WVu] [^\n]*msgpack::[^\n]*" symbols "${symbols}")
  list(TRANSFORM symbols REPLACE "^[0-9a-f]+ . " "")
  # They give a number's lowest byte, whatever else is configured.
  list(FILTER symbols EXCLUDE REGEX "^char msgpack::v1::take8_")
  set(${out} "${symbols}" PARENT_SCOPE)
endfunction()

shared_with_others(${ONE} one)
shared_with_others(${OTHER} other)
if(NOT other)
  message(FATAL_ERROR "${OTHER} has nothing of msgpack: this compares nothing")
endif()
foreach(symbol IN LISTS one)
  if(symbol IN_LIST other)
    message(FATAL_ERROR "both define ${symbol}, each as its own settings say")
  endif()
endforeach()
