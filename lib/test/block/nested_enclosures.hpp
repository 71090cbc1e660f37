// Enclosures of a block in two precisions: those of many digits lie within those of fewer.
#pragma once

#include <gtest/gtest.h>

#include "plumbline/block/evaluate.hpp"
#include "plumbline/cases/question.hpp"
#include "plumbline/number/interval.hpp"

namespace plumbline {

// That y in 60 digits holds y in 120, and is narrow.
inline void expect_nested_enclosures(const Question& q) {
  const auto narrow =
      evaluate(q.spec, cast<Interval120>(q.inputs.parameters), cast<Interval120>(q.inputs.x), q.batch);
  const auto wide =
      evaluate(q.spec, cast<Interval60>(q.inputs.parameters), cast<Interval60>(q.inputs.x), q.batch);
  for (Eigen::Index i = 0; i < wide.size(); ++i) {
    EXPECT_LE(lower(wide.data()[i]), lower(narrow.data()[i]));
    EXPECT_GE(upper(wide.data()[i]), upper(narrow.data()[i]));
    EXPECT_LT(width(wide.data()[i]), 1e-40);
  }
}

}  // namespace plumbline
