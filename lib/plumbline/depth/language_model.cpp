#include "plumbline/depth/language_model.hpp"

#include <cmath>

#include "plumbline/algebra/tape.hpp"
#include "plumbline/block/run.hpp"
#include "plumbline/depth/repeatable.hpp"

namespace plumbline {
namespace {

using M = Matrix<float>;
using Taped = Tape<Repeatable>;
using Sequences = std::vector<std::string>;

double square(const M& x) {
  double sum = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) sum += double(x.data()[i]) * double(x.data()[i]);
  return sum;
}

double largest(const M& x) {
  float most = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) most = std::max(most, std::abs(x.data()[i]));
  return double(most);
}

// How many directions the rows use: (tr S)^2 / tr S^2 of S = x^T x.
double directions(const M& x) {
  const M s = Repeatable().matmul_of_transpose(x, x);
  const double trace = square(x), of_square = square(s);
  return of_square > 0 ? trace * trace / of_square : 0;
}

int byte_at(const std::string& s, int t) { return static_cast<unsigned char>(s[std::size_t(t)]); }

// The mean of -log softmax(row)_next; the logits become its gradient in them.
double cross_entropy(M& logits, const Sequences& sequences, int tokens) {
  const Repeatable a;
  M p = a.softmax_rows(logits, Mask::everything(int(logits.rows()), byte_count));
  const double rows = double(logits.rows());
  double loss = 0;
  for (int i = 0; i < logits.rows(); ++i) {
    const int next = byte_at(sequences[std::size_t(i / tokens)], i % tokens + 1);
    const auto row = logits.row(i);
    const float most = row.maxCoeff();
    double sum = 0;
    for (int j = 0; j < byte_count; ++j) sum += double(repeatable::exp(row(j) - most));
    loss += (repeatable::log(sum) + double(most) - double(row(next))) / rows;
    p(i, next) -= 1;
  }
  logits = p / float(rows);
  return loss;
}

// What training sees of a layer.
void note(LayerTrace& trace, const M& stream) {
  const double rms = std::sqrt(square(stream) / double(stream.size()));
  trace.stream_rms.push_back(rms);
  trace.largest.push_back(rms > 0 ? largest(stream) / rms : 0);
  trace.directions.push_back(directions(stream));
}

}  // namespace

LanguageModel::LanguageModel(const StackSettings& s, int tokens, std::uint64_t seed) : tokens_(tokens) {
  Draw draw(seed);
  const bool is_small = s.initialisation == Initialisation::gpt2;
  const double embedded = is_small ? 0.02 : 1;
  bytes_ = add("byte_embedding", -1, cast<float>(draw.matrix(byte_count, s.d, embedded)));
  positions_ = add("position_embedding", -1, cast<float>(draw.matrix(tokens, s.d, embedded)));
  const std::vector<BlockSpec> layers = layers_of(s);
  for (int l = 0; l < s.n_layers; ++l)
    add_layer(layers[std::size_t(l)], initial_parameters(s, layers[std::size_t(l)], l, draw), l);
  streams_ = stream_count(layers.front());
  if (const BlockSpec end = end_of(s); end.d > 0) add_layer(end, initial_parameters(s, end, 0, draw), -1);
  const double out = is_small ? 0.02 : std::sqrt(2.0 / (byte_count + s.d));
  output_ = add("output", -1, cast<float>(draw.matrix(byte_count, s.d, out)));
}

std::size_t LanguageModel::add(std::string name, int layer, M value) {
  parameters_.push_back({std::move(name), layer, std::move(value)});
  return parameters_.size() - 1;
}

void LanguageModel::add_layer(const BlockSpec& spec, const Parameters<double>& initial, int l) {
  Layer layer{spec, {}};
  const std::string place =
      l < 0 ? (spec.part == Part::norm ? "final_" : "") : "layers." + std::to_string(l) + ".";
  const std::string own = "layers.0.";
  for (const auto& [name, value] : initial) {
    const std::string called = name.starts_with(own) ? name.substr(own.size()) : name;
    layer.parameters.emplace_back(name, add(place + called, l, cast<float>(value)));
  }
  layers_.push_back(std::move(layer));
}

M LanguageModel::embedded(const Sequences& sequences) const {
  const M &bytes = parameters_[bytes_].value, &positions = parameters_[positions_].value;
  M x(Eigen::Index(sequences.size()) * tokens_, bytes.cols());
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    const int t = int(i % tokens_);
    x.row(i) = bytes.row(byte_at(sequences[std::size_t(i / tokens_)], t)) + positions.row(t);
  }
  return x;
}

void LanguageModel::add_gradients_of_embedding(const Sequences& sequences, const M& of_x,
                                               std::vector<M>& gradients) const {
  for (Eigen::Index i = 0; i < of_x.rows(); ++i) {
    const int t = int(i % tokens_);
    gradients[bytes_].row(byte_at(sequences[std::size_t(i / tokens_)], t)) += of_x.row(i);
    gradients[positions_].row(t) += of_x.row(i);
  }
}

Loss LanguageModel::loss(const Sequences& sequences, LayerTrace* trace) const {
  Taped tape;
  const Repeatable& a = tape.inner;
  const int batch = int(sequences.size());
  const Taped::Tensor input = tape.variable(as_streams(streams_, embedded(sequences)));
  std::vector<std::pair<std::size_t, int>> nodes;  // parameter, node
  Taped::Tensor y = input;
  for (const Layer& layer : layers_) {
    ParameterMap<Taped> variables;
    for (const auto& [name, index] : layer.parameters) {
      variables[name] = tape.variable(parameters_[index].value);
      nodes.emplace_back(index, variables[name].node);
    }
    y = run(tape, layer.spec, variables, y, batch);
    if (trace && is_block(layer.spec)) note(*trace, y.value);
  }
  const M& output = parameters_[output_].value;
  M logits = a.matmul_by_transpose(y.value, output);
  Loss out{cross_entropy(logits, sequences, tokens_), {}};  // the logits are their gradient now
  for (const Trained& p : parameters_) out.gradients.push_back(M::Zero(p.value.rows(), p.value.cols()));
  out.gradients[output_] = a.matmul_of_transpose(logits, *y.value);
  auto all = tape.backward_once(y, a.matmul(logits, output));
  for (const auto& [index, node] : nodes)
    if (all[std::size_t(node)]) out.gradients[index] = std::move(*all[std::size_t(node)]);
  if (const auto& of_x = all[std::size_t(input.node)])
    add_gradients_of_embedding(sequences, sum_of_streams(streams_, *of_x), out.gradients);
  if (!trace) return out;
  trace->gradient.assign(trace->stream_rms.size(), 0);
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (parameters_[i].layer >= 0)
      trace->gradient[std::size_t(parameters_[i].layer)] += square(out.gradients[i]);
  for (double& g : trace->gradient) g = std::sqrt(g);
  return out;
}

}  // namespace plumbline
