// A single operation under test: RMSNorm in float.
//   plumbline verify --spec rms_norm.json --no-grads -- ./rms_norm
#include <plumbline/serve.hpp>

using namespace plumbline::client;

Answer rms_norm(const Request& request) {
  if (request.gradients) throw Unsupported("only the output");
  std::vector<float> x = request.at("x").numbers();
  const std::vector<float> gain = request.at("norm.weight").numbers();
  const auto eps = float(request.spec["norm_slots"]["attn"]["in"]["eps"].number());
  for (auto row = x.begin(); row != x.end(); row += long(gain.size())) {
    float square = 0;
    for (std::size_t j = 0; j < gain.size(); ++j) square += row[j] * row[j];
    const float factor = 1 / std::sqrt(square / float(gain.size()) + eps);
    for (std::size_t j = 0; j < gain.size(); ++j) row[j] *= factor * gain[j];
  }
  return {{"y", request.like("x", x)}};
}

int main() { serve(rms_norm); }
