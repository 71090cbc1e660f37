#define PLUMBLINE_SCALAR Mp50
#include "plumbline/block/instances/instantiate.hpp"
