#include "plumbline/block/run.hpp"

#include "plumbline/block/layout.hpp"

namespace plumbline::detail {

AnyAlgebra::Tensor run_erased(AnyAlgebra& a, const BlockSpec& s, const ParameterMap<AnyAlgebra>& parameters,
                              const AnyAlgebra::Tensor& x, int batch, Stream<AnyAlgebra>* stream) {
  const ParameterView<AnyAlgebra> p{parameters, "", true};
  return with_part(s.part, [&](auto part) { return PartOf<part()>::run(a, s, p, x, batch, stream); });
}

}  // namespace plumbline::detail
