#define PLUMBLINE_SCALAR long double
#include "plumbline/block/instances/instantiate.hpp"
