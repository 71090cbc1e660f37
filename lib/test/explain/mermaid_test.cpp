#include <gtest/gtest.h>

#include "plumbline/explain/picture.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

TEST(Mermaid, EveryPointIsANodeAndEveryOperandAnEdge) {
  EXPECT_EQ(mermaid(picture_of(find_preset("parallel").make({}))), R"(flowchart TB
  stream_x(["x"])
  n1["LN"]
  stream_x --> n1
  n2["Attn"]
  n1 --> n2
  n3["FFN"]
  n1 --> n3
  n4(("+"))
  n2 --> n4
  n3 --> n4
  n5(("+"))
  stream_x --> n5
  n4 --> n5
  n5 --> stream_y(["y"])
  n6["LN"]
  stream_y --> n6
  n6 --> stream_z(["z"])
)");
}

}  // namespace
}  // namespace plumbline
