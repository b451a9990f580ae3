# `cmake --install`: libraries, headers, programs, the worker's sources, and the package that find_package(clutch) reads.
# Nothing in an installation names the place it was made for: it may be moved.
include(CMakePackageConfigHelpers)
set(clutch_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/clutch)
set(clutch_data_dir ${CMAKE_INSTALL_DATADIR}/clutch)

foreach(target clutch_protocol clutch_io_base clutch_nursery_messages clutch_supervisor clutch_client clutch_pool)
  if(TARGET ${target})
    get_target_property(header_sets ${target} INTERFACE_HEADER_SETS)
    set(headers)
    if(header_sets)
      set(headers FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    endif()
    install(TARGETS ${target} EXPORT clutch-targets ${headers})
  endif()
endforeach()
install(EXPORT clutch-targets NAMESPACE clutch:: DESTINATION ${clutch_package_dir})

get_property(programs GLOBAL PROPERTY CLUTCH_PROGRAMS)
if(programs)
  install(TARGETS ${programs})
endif()
if(TARGET clutchd)
  configure_file(packaging/clutchd.service.in clutchd.service @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/clutchd.service DESTINATION lib/systemd/user)
endif()
install(DIRECTORY python_worker/src/clutch_worker DESTINATION ${clutch_data_dir}/python
  FILES_MATCHING PATTERN "*.py" PATTERN "py.typed" PATTERN "__pycache__" EXCLUDE)

file(RELATIVE_PATH clutch_datadir_to_bindir /${clutch_data_dir} /${CMAKE_INSTALL_BINDIR})
configure_file(cmake/installed_paths.cpp.in installed_paths.cpp @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/installed_paths.cpp DESTINATION ${clutch_data_dir})

configure_package_config_file(cmake/clutch-config.cmake.in clutch-config.cmake INSTALL_DESTINATION ${clutch_package_dir})
write_basic_package_version_file(clutch-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/clutch-config.cmake
    ${PROJECT_BINARY_DIR}/clutch-config-version.cmake
  DESTINATION ${clutch_package_dir})
