#define PLUMBLINE_SCALAR Interval120
#include "plumbline/block/instances/instantiate.hpp"
