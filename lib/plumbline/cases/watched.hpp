// The block over plain numbers, which hands over what it stores.
#pragma once

#include <functional>

#include "plumbline/algebra/place.hpp"
#include "plumbline/block/evaluate.hpp"

namespace plumbline {

// What is called with a tensor and where it is stored.
using OnStore = std::function<void(const Matrix<double>& stored, const Place& place)>;

// Runs the block in double and calls on_store for each tensor that an implementation stores, in that order.
// Throws Error where a parameter is missing; shapes are not checked.
void run_watched(const BlockSpec& spec, const Parameters<double>& parameters, const Matrix<double>& x,
                 int batch, const OnStore& on_store);

}  // namespace plumbline
