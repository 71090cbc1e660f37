# MPFI::MPFI: MPFI with MPFR and GMP beneath it. Debian's MPFI has no file that CMake or pkg-config could read. Installed
# beside plumbline-config.cmake, whose users look for it the same way.
set(variables)
foreach(name mpfi mpfr gmp)
  string(TOUPPER ${name} NAME)
  find_path(${NAME}_INCLUDE_DIR ${name}.h)
  find_library(${NAME}_LIBRARY ${name})
  list(APPEND variables ${NAME}_LIBRARY ${NAME}_INCLUDE_DIR)
endforeach()
mark_as_advanced(${variables})

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MPFI REQUIRED_VARS ${variables})
if(MPFI_FOUND AND NOT TARGET MPFI::MPFI)
  add_library(MPFI::MPFI UNKNOWN IMPORTED)
  set_target_properties(MPFI::MPFI PROPERTIES
    IMPORTED_LOCATION ${MPFI_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES "${MPFI_INCLUDE_DIR};${MPFR_INCLUDE_DIR};${GMP_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "${MPFR_LIBRARY};${GMP_LIBRARY}")
endif()
