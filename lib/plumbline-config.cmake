# What find_package(plumbline) reads: the packages that Plumbline's headers need, and its target plumbline::plumbline.
include(CMakeFindDependencyMacro)
find_dependency(Eigen3 3.4)
find_dependency(Boost 1.74)
find_dependency(nlohmann_json 3.11)
include("${CMAKE_CURRENT_LIST_DIR}/plumbline-targets.cmake")
