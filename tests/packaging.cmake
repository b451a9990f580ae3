# systemd-analyze verify of the unit file, with the built program in the place of the installed one.
file(READ ${UNIT} text)
string(REGEX REPLACE "ExecStart=[^ ]+" "ExecStart=${PROGRAM}" text "${text}")
file(WRITE ${SCRATCH}/clutchd.service "${text}")
set(ENV{XDG_RUNTIME_DIR} ${SCRATCH})  # without one it does not look at the file
execute_process(COMMAND ${ANALYZE} --user --man=no verify ${SCRATCH}/clutchd.service
  RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(result OR said MATCHES "clutchd.service")
  message(FATAL_ERROR "systemd-analyze verify: ${result}\n${said}")
endif()
