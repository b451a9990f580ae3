# systemd-analyze verify of the unit file, with the built program in the place of the installed one.
file(READ ${UNIT} text)
string(REGEX REPLACE "ExecStart=[^ ]+" "ExecStart=${PROGRAM}" text "${text}")
file(WRITE ${SCRATCH}/clutchd.service "${text}")
execute_process(COMMAND ${ANALYZE} --user --man=no verify ${SCRATCH}/clutchd.service
  RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(said MATCHES "clutchd.service" OR (result AND NOT said MATCHES "XDG_RUNTIME_DIR|Failed to initialize manager"))
  message(FATAL_ERROR "systemd-analyze verify: ${result}\n${said}")
endif()
