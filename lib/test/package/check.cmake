# Installs the components of the build tree BUILD to prefixes of their own, builds what uses them (library, client) and
# runs it.
# cmake -DBUILD=... -DSOURCE=... -DWORK=... -DGENERATOR=... -DCOMPILER=... -DFLAGS=... -P check.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
foreach(component library client)
  run(${CMAKE_COMMAND} --install ${BUILD} --component ${component} --prefix ${WORK}/${component}/prefix)
  run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${SOURCE}/${component} -B ${WORK}/${component}/build
    -DCMAKE_PREFIX_PATH=${WORK}/${component}/prefix -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${FLAGS})
  run(${CMAKE_COMMAND} --build ${WORK}/${component}/build)
endforeach()
run(${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/client/build --output-on-failure)
run(${WORK}/library/build/consumer)
# sqrt(3/2) (1 + eps/v)^(-1/2) with v = 8/3: both ends agree on 40 digits.
string(REGEX MATCHALL "[^\n]+" ends "${output}")
list(REMOVE_DUPLICATES ends)
list(LENGTH ends count)
if(NOT count EQUAL 1 OR NOT ends MATCHES "^1\\.22474257")
  message(FATAL_ERROR "expected one number near sqrt(3/2), found: ${ends}")
endif()
