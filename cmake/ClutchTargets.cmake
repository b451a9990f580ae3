# What most sources include, compiled once a target that has enough of them to gain by it. A source still includes what
# it uses: the preset `tidy` builds without. None of our own headers: GCC knows a precompiled `#pragma once` again by the
# file's time, and ccache gives one from another checkout.
set(CLUTCH_PRECOMPILED
  <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <coroutine> <csignal> <cstdint> <deque>
  <exception> <filesystem> <functional> <iostream> <map> <memory> <mutex> <optional> <span> <sstream> <stdexcept>
  <string> <string_view> <system_error> <thread> <unordered_map> <utility> <variant> <vector>)
function(clutch_precompile target)
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources count)
  if(count GREATER 6)
    target_precompile_headers(${target} PRIVATE ${CLUTCH_PRECOMPILED})
  endif()
endfunction()

# clutch_library(NAME SOURCES … [INCLUDE dir]): the static (or, by BUILD_SHARED_LIBS, shared) library clutch_NAME,
# clutch::NAME to those who link it. INCLUDE is a directory of public headers, which are installed.
function(clutch_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "INCLUDE" "SOURCES")
  set(target clutch_${name})
  add_library(${target} ${arg_SOURCES})
  add_library(clutch::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} VERSION ${PROJECT_VERSION})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:clutch::warnings>)
  clutch_precompile(${target})
  if(arg_INCLUDE)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${arg_INCLUDE}/*.hpp)
    target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${arg_INCLUDE} FILES ${headers})
  endif()
endfunction()

# clutch_program(NAME SOURCES … LIBRARIES …): an executable of the release, in bin/.
function(clutch_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  add_executable(${name} ${arg_SOURCES})
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} clutch::warnings)
  clutch_precompile(${name})
  set_property(GLOBAL APPEND PROPERTY CLUTCH_PROGRAMS ${name})
endfunction()

# `programs`: what scripts/demo needs, without the tests.
add_custom_target(programs)
function(clutch_finish_programs)
  get_property(names GLOBAL PROPERTY CLUTCH_PROGRAMS)
  if(names)
    add_dependencies(programs ${names})
  endif()
endfunction()
