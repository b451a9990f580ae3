# Runs PROGRAM --mode MODE --quick, and wants a line of every workload and every floor. The Python is that of
# the other tests: CLUTCH_TEST_PYTHON, else the environment of the tree SOURCE.
set(python "$ENV{CLUTCH_TEST_PYTHON}")
if(NOT python)
  set(python ${SOURCE}/.venv/bin/python)
endif()
execute_process(COMMAND ${PROGRAM} --mode ${MODE} --quick --python ${python} OUTPUT_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "clutch-bench: ${result}\n${output}")
endif()
foreach(workload rtt floor_rtt pipe pipe2 floor_task await1ms floor_loop cpu1 cpu2 cpux bytes floor_frame floor_memcpy
    stream floor_for fan_in cold floor_import respawn idle inflight ratio)
  if(NOT output MATCHES "{\"w\": \"${workload}\", \"mode\": \"${MODE}\"")
    message(FATAL_ERROR "clutch-bench printed no line of ${workload}:\n${output}")
  endif()
endforeach()
