# libzmq before 4.3.4 lets a peer run code or exhaust memory: CVE-2019-6250, CVE-2019-13132, CVE-2020-15166.
function(clutch_check_zeromq_version)
  get_target_property(directories libzmq INTERFACE_INCLUDE_DIRECTORIES)
  find_file(header zmq.h PATHS ${directories} NO_CACHE NO_DEFAULT_PATH)
  find_file(header zmq.h NO_CACHE REQUIRED)  # where the target names no directory of its own
  file(STRINGS ${header} lines REGEX "#define ZMQ_VERSION_(MAJOR|MINOR|PATCH)")
  string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
  list(JOIN numbers "." version)
  if(version VERSION_LESS 4.3.4)
    message(FATAL_ERROR "clutch needs libzmq 4.3.4 or newer: ${header} is of ${version}, which has known remote vulnerabilities.")
  endif()
endfunction()
clutch_check_zeromq_version()
