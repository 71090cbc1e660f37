# What find_package(plumbline) reads: the packages that Plumbline needs, its targets plumbline::plumbline (the
# library), plumbline::client (what an implementation under test includes) and plumbline::command, and the function
# plumbline_add_conformance_test.
include(CMakeFindDependencyMacro)
find_dependency(Eigen3 3.4)
find_dependency(Boost 1.74)
find_dependency(nlohmann_json 3.11)
find_dependency(TBB 2021)
include("${CMAKE_CURRENT_LIST_DIR}/plumbline-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/plumbline-conformance.cmake")
