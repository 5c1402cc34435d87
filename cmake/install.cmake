# SPDX-License-Identifier: MIT
# What `cmake --install` puts where: libraries, headers with their manual page, pkg-config files,
# a CMake package, and the program with its own. Two components: runtime and development.

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/taildropout)

# tdrop_install_pkgconfig(NAME): NAME.pc finds its prefix from where it lies, so that an installed
# tree can be moved.
function(tdrop_install_pkgconfig name)
  file(RELATIVE_PATH up "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
  string(REGEX REPLACE "/$" "" up "${up}")
  file(RELATIVE_PATH libdir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_LIBDIR}")
  file(RELATIVE_PATH includedir "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

# tdrop_install_target(TARGET EXPORT_NAME): installs a library, if it is built, as
# taildropout::EXPORT_NAME, which has a file of its own in the CMake package: who only wants the
# core need not have what the model library is built on. The same name serves a project that
# has this one as a folder of its own.
function(tdrop_install_target target name)
  if(NOT TARGET ${target})
    return()
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  add_library(taildropout::${name} ALIAS ${target})
  install(TARGETS ${target} EXPORT ${target}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  install(EXPORT ${target} FILE ${target}.cmake NAMESPACE taildropout::
    DESTINATION ${package_dir} COMPONENT development)
endfunction()

tdrop_install_target(taildropout_static taildropout_static)
tdrop_install_target(taildropout_shared taildropout)
tdrop_install_target(taildropout_model_static model_static)
tdrop_install_target(taildropout_model_shared model)
foreach(name taildropout model)
  if(TARGET taildropout::${name}_static AND NOT TARGET taildropout::${name})
    get_target_property(target taildropout::${name}_static ALIASED_TARGET)
    add_library(taildropout::${name} ALIAS ${target})
  endif()
endforeach()

set(public_headers include/taildropout.h)
tdrop_install_pkgconfig(taildropout)
if(TDROP_BUILD_MODEL)
  list(APPEND public_headers include/taildropout_model.h)
  tdrop_install_pkgconfig(taildropout_model)
endif()
install(FILES ${public_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(FILES man/taildropout.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT development)

configure_package_config_file(cmake/taildropoutConfig.cmake.in taildropoutConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# While the major version is 0, a new minor version may break what was built on the last one.
write_basic_package_version_file(taildropoutConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/taildropoutConfig.cmake
  ${PROJECT_BINARY_DIR}/taildropoutConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT development)
