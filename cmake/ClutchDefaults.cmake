# What holds for every target: where programs go, ccache, sanitizers.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CLUTCH_CCACHE ccache)
mark_as_advanced(CLUTCH_CCACHE)
if(CLUTCH_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this ccache passes over whatever uses the tests' precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CLUTCH_CCACHE})
endif()

if(CLUTCH_SANITIZE)
  add_compile_options(-fsanitize=${CLUTCH_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CLUTCH_SANITIZE})
  if(CLUTCH_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
    add_link_options(-fno-sanitize-recover=undefined)
  endif()
endif()

add_library(clutch_warnings INTERFACE)
add_library(clutch::warnings ALIAS clutch_warnings)
target_compile_options(clutch_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 at -O2 sees overflows and uninitialised reads in libstdc++ that are not there (its bugs 105329, 105562).
  target_compile_options(clutch_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
