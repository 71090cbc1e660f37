#define PLUMBLINE_SCALAR Mp100
#include "plumbline/block/instances/instantiate.hpp"
