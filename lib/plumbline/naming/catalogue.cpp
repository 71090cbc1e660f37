// A deviation of the catalogue as an alternative; among those that explain as many failures it is the one
// to name.
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/deviate.hpp"
#include "plumbline/naming/alternative.hpp"

namespace plumbline {

Alternative of_catalogue(const Deviation& d) {
  return {std::string(d.id), std::string(d.formula), std::string(d.bug), 0,
          [&d](const Failed& f, const Computing& compute) {
            if (!d.applies_to(f.question.spec)) throw Error("expected a spec that it applies to");
            const Outputs computed = compute(deviating(d, f.question), {});
            Outputs out{{"y", computed.at("y")}};
            if (!f.question.gradients) return out;
            const auto add = [&](const std::string& name, const Matrix<double>& input) {
              const auto it = computed.find(in_slot("grad." + name, d.from_slot, d.to_slot));
              out["grad." + name] = it != computed.end() ? it->second  // else it is not read
                                                         : Matrix<double>::Zero(input.rows(), input.cols());
            };
            add(std::string(input_name(f.question.spec)), f.question.inputs.x);
            for (const auto& [name, value] : f.question.inputs.parameters)
              if (!is_given_mask(name)) add(name, value);
            return out;
          }};
}

}  // namespace plumbline
