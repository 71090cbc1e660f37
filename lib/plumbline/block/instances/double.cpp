#define PLUMBLINE_SCALAR double
#include "plumbline/block/instances/instantiate.hpp"
