#define PLUMBLINE_SCALAR Interval60
#include "plumbline/block/instances/instantiate.hpp"
