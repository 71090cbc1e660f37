#include "plumbline/identify/readings.hpp"

#include <algorithm>
#include <cmath>

#include "plumbline/number/grid.hpp"

namespace plumbline::identify {
namespace {

using M = Matrix<double>;

class Reader {
 public:
  Reader(NamedBox& ask, Questions& questions, int tokens)
      : ask_(ask), questions_(questions), tokens_(tokens), spec_(ask.anatomy().spec) {}

  Readings operator()() {
    repeat();
    effects();
    if (is_block(spec_) || is_one_norm(spec_)) far_away(), shift(), last_operation();
    if (is_block(spec_)) louder_branch(), attention_bias();
    if (attends(spec_)) visible_keys(), order();
    return std::move(out_);
  }

 private:
  void note(std::string what, std::string found) { out_.all.push_back({std::move(what), std::move(found)}); }
  Probe rich(int tokens) { return questions_.stored(questions_.rich(1, tokens)); }

  // Half the digits of the storage type: enough to see which law holds, not to judge how well.
  bool is_near(const M& a, const M& b, double size) const {
    const double unit = Grid<double>(ask_.profile().storage).half_ulp();
    return (a - b).norm() <= std::sqrt(unit) * size;
  }
  // Rounding, of an implementation that does not repeat itself.
  bool is_same(const M& a, const M& b) const { return out_.repeats ? a == b : is_near(a, b, b.norm()); }

  void repeat() {
    const Probe p = rich(tokens_);
    const M a = ask_(p), b = ask_(p);
    out_.repeats = a == b;
    note("the same question twice",
         out_.repeats ? "the same bits"
                      : "not the same bits: up to " + number_text((a - b).cwiseAbs().maxCoeff()) + " apart");
  }

  void effects() {
    const Probe p = rich(tokens_);
    const M y = ask_(p);
    std::map<std::string, const ParameterShape*> shapes;
    for (const auto& [theirs, shape] : ask_.anatomy().ours) shapes[shape.name] = &shape;
    std::map<std::string, bool> has_effect;  // by the name within the layer
    std::map<std::string, std::vector<std::string>> names;
    for (const auto& [ours, value] : p.parameters) {
      Probe other = p;
      other.parameters[ours] = questions_.draw(*shapes.at(ours)) * 2;
      const std::string within = ours.starts_with("layers.") ? ours.substr(ours.find('.', 7)) : ours;
      has_effect[within] |= !is_same(ask_(questions_.stored(std::move(other))), y);
      names[within].push_back(ours);
    }
    std::string text;
    for (const auto& [within, has] : has_effect)
      if (!has)
        for (const std::string& ours : names[within]) {
          out_.without_effect.insert(ours);
          for (const auto& [theirs, shape] : ask_.anatomy().ours)
            if (shape.name == ours) text += (text.empty() ? "" : ", ") + theirs;
        }
    note("parameters that change nothing", text.empty() ? "none" : text);
  }

  void far_away() {
    Probe p = rich(tokens_);
    const double factor = std::ldexp(1.0, std::min(20, info(ask_.profile().storage).max_exponent - 6));
    p.x *= factor;
    const M y = ask_(p) / factor;
    const double times = y.cwiseProduct(p.x / factor).sum() / (p.x / factor).squaredNorm();
    const double size = p.x.norm() / factor;
    note("x, very large", is_near(y, p.x / factor, size) ? "y is x: the stream reaches the end as it is"
                          : is_near(y, M::Zero(y.rows(), y.cols()), size)
                              ? "y stays bounded: a norm stands in its way"
                          : is_near(y, times * p.x / factor, size)
                              ? "y is " + number_text(std::round(times * 1000) / 1000) + " x"
                              : "y is neither x nor bounded");
  }

  void shift() {
    Probe p = rich(tokens_);
    p.x = p.x.unaryExpr([](double v) { return std::clamp(std::nearbyint(8 * v) / 8, -2.0, 2.0); });
    const M y = ask_(p);
    p.x.array() += 4;
    const M shifted = ask_(p);
    note("4 added to every channel of x", is_near(shifted, y, y.norm()) ? "changes nothing"
                                          : is_near(shifted.array() - 4, y, y.norm())
                                              ? "adds 4 to y: layer norms before the branches"
                                              : "changes y otherwise");
  }

  // With all gains 1 (or 2, if 1 is added) and no biases.
  void last_operation() {
    Probe p = rich(tokens_);
    for (const auto& [theirs, shape] : ask_.anatomy().ours)
      if (shape.is_of_norm()) p.parameters.at(shape.name).setConstant(shape.role == Role::gain ? 1 : 0);
    const M y = ask_(p);
    const Eigen::VectorXd mean = y.rowwise().mean(), square = y.array().square().rowwise().mean();
    const double level = std::sqrt(square.mean());
    const bool centred = is_near(mean, M::Zero(mean.rows(), 1), level),
               level_rows = is_near(square, M::Constant(square.rows(), 1, square.mean()), square.mean());
    const bool bounded = has_alpha_of_stream() && y.cwiseAbs().maxCoeff() < 1;
    note("rows of y, with all gains 1", bounded       ? "within 1: a dynamic tanh at the end"
                                        : !level_rows ? "of different sizes: no norm at the end"
                                        : centred     ? "of one size, mean 0: a layer norm at the end"
                                                      : "of one size: an RMS norm at the end");
  }

  bool has_alpha_of_stream() const {
    const auto& of_layer = ask_.anatomy().norms;
    const auto squashes = [](const NormSlot& n) { return n && has_alpha(*n); };
    return squashes(spec_.final_norm) || squashes(spec_.norm_slots.attn.in) ||
           std::any_of(of_layer.begin(), of_layer.end(), [](const StreamNorm& n) { return n.has.alpha; });
  }

  void louder_branch() {
    Probe p = rich(tokens_);
    const Anatomy& a = ask_.anatomy();
    scale(p, a, Module::o_proj, 0);
    const M one = ask_(p);
    scale(p, a, Module::down_proj, 4);
    const M four = ask_(p);
    scale(p, a, Module::down_proj, 0);
    const M none = ask_(p), b1 = one - none, b4 = four - none;
    note("the feed-forward's last weights times 4",
         is_near(b4, 4 * b1, b4.norm()) ? "its branch is 4 times as large"
         : is_near(b4, b1, b1.norm())   ? "its branch stays as it is: a norm behind it"
                                        : "something else: a norm behind the sum");
  }

  void attention_bias() {
    if (!ask_.anatomy().spec.attention.bias.o) return;
    Probe p = rich(tokens_);
    const M y = ask_(p);
    M change;
    for (const auto& [theirs, shape] : ask_.anatomy().ours)
      if (shape.module == Module::o_proj && shape.role == Role::bias) {
        M& value = p.parameters.at(shape.name);
        const M before = value;
        value = questions_.stored({value + questions_.normal(1, value.cols(), 1), {}, 1}).x;
        if (change.size() == 0)
          change = value - before;
        else
          change += value - before;
      }
    const M found = ask_(p) - y;
    note("a change of the bias of o_proj", is_near(found, change.replicate(found.rows(), 1), found.norm())
                                               ? "is added to y: nothing reads attention's output"
                                               : "is not what y changes by");
  }

  void visible_keys() {
    const Probe p = rich(tokens_);
    const M y = ask_(p);
    bool later = false;
    int farthest = 0;
    for (int j = 0; j < tokens_; ++j) {
      Probe other = p;
      other.x.row(j) *= -1;
      const M changed = ask_(other);
      for (int i = 0; i < tokens_; ++i) {
        if (is_same(changed.row(i), y.row(i))) continue;
        later = later || j > i;
        farthest = std::max(farthest, i - j);
      }
    }
    note("a later token changes an earlier row", later ? "yes" : "never");
    note("a token changes a later row", farthest == tokens_ - 1
                                            ? "at any distance up to " + std::to_string(farthest)
                                            : "up to " + std::to_string(farthest) + " places on, no farther");
  }

  void order() {
    const Probe p = rich(tokens_);
    const M y = ask_(p);
    Probe reversed = p;
    reversed.x = p.x.colwise().reverse();
    if (!is_near(ask_(reversed).colwise().reverse(), y, y.norm()))
      return note("tokens in the reverse order", "give other rows");
    note("tokens in the reverse order", distances_count(p, y)
                                            ? "give the same rows, in any other order do not"
                                            : "give the same rows: no positions");
  }

  // With the first token last: the reverse order does not show what counts the same forwards and backwards.
  bool distances_count(Probe p, const M& y) {
    const auto first_last = [](const M& m) {
      M out(m.rows(), m.cols());
      out.topRows(m.rows() - 1) = m.bottomRows(m.rows() - 1);
      out.bottomRows(1) = m.topRows(1);
      return out;
    };
    p.x = first_last(p.x);
    return !is_near(ask_(p), first_last(y), y.norm());
  }

  NamedBox& ask_;
  Questions& questions_;
  int tokens_;
  const BlockSpec& spec_;
  Readings out_;
};

}  // namespace

Readings readings(NamedBox& ask, Questions& questions, int tokens) {
  return Reader(ask, questions, tokens)();
}

}  // namespace plumbline::identify
