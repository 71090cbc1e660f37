// The smallest use of an installed Plumbline: a proved enclosure of LayerNorm([4, 2, 0]).
#include <iostream>
#include <plumbline/block/evaluate.hpp>
#include <plumbline/number/interval.hpp>

int main() {
  using namespace plumbline;
  BlockSpec spec;
  spec.part = Part::norm;
  spec.d = 3;
  spec.norm_slots.attn.in = NormSpec{.gain = false, .bias = false};
  Matrix<Interval60> x(1, 3);
  x << 4, 2, 0;
  const Matrix<Interval60> y = evaluate(spec, {}, x);
  std::cout << lower(y(0, 0)).str(40) << "\n" << upper(y(0, 0)).str(40) << "\n";
}
