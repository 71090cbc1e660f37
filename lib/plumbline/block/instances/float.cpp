#define PLUMBLINE_SCALAR float
#include "plumbline/block/instances/instantiate.hpp"
