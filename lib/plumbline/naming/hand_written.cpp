// Alternatives in which an operation is written by hand, wrongly: norms and their backward passes, rotary
// embeddings, activations.
#include <algorithm>

#include "plumbline/naming/activations.hpp"
#include "plumbline/naming/alternative.hpp"
#include "plumbline/naming/norm_backward.hpp"
#include "plumbline/naming/turning.hpp"

namespace plumbline {
namespace {

using What = Slip::What;

Alternative with(std::string id, std::string says, double assumes, Slip slip) {
  return {std::move(id), std::move(says), "", assumes,
          [slip = std::move(slip)](const Failed& f, const Computing& compute) {
            return compute(f.question, slip);
          }};
}

std::set<std::string> norms_of(const Question& q) {
  const std::string end = ".normalized";
  std::set<std::string> out;
  for (const Stored& p : places_of(q))
    if (p.name.ends_with(end)) out.insert(in_layer(p.name.substr(0, p.name.size() - end.size())));
  return out;
}

void add_norm_backwards(Alternatives& out, const Question& q) {
  for (const std::string& norm : norms_of(q)) {
    const std::string x = norm + ".normalized", gain = x + "/mul_row", name = plain(norm);
    const auto add = [&](const NormBackward& b, int i, const std::string& id, const std::string& says,
                         std::vector<std::string> places) {
      out.push_back(with("backward/" + name + "-" + id + b.id,
                         "in the backward pass of " + name + says + b.says, 1.5,
                         {.what = What::norm_backward,
                          .places = std::move(places),
                          .pass = Slip::Pass::backward,
                          .from = i}));
    };
    int i = 0;
    for (const NormBackward& b : norm_backwards()) {
      if (b.gain_too)
        add(b, i, "", " ", {x, gain});
      else
        add(b, i, "", " ", {x});
      const bool of_gain = b.outer != NormBackward::Factor::right || b.scale != NormBackward::Scale::right;
      if (of_gain && b.outer != b.inner) add(b, i, "gain-", ", for the gain alone, ", {gain});
      ++i;
    }
  }
}

void add_turns(Alternatives& out, const Question& q) {
  if (!q.spec.position.rope) return;
  for (int i = 0; i < int(other_turns().size()); ++i)
    if (const OtherTurns& t = other_turns()[std::size_t(i)]; t.what != OtherTurns::What::positions_scaled)
      out.push_back(with(std::string("rope/") + t.id, std::string("rotary embedding: ") + t.says, 1,
                         {.what = What::turned, .from = i}));
  for (int n : {1, -1, 2, -2, 3, -3, 4, 8, 16}) {
    const std::string text = std::to_string(std::abs(n)), late = n > 0 ? "later" : "earlier";
    out.push_back({"rope/keys-" + text + "-" + late,
                   "keys are placed " + text + " positions " + late + " than queries", "", 1,
                   [n](const Failed& f, const Computing& compute) {
                     Question other = f.question;
                     other.spec.position.rope->key_offset += n;
                     return compute(other, {});
                   }});
  }
}

void add_activations(Alternatives& out, const Question& q) {
  if (!feeds(q.spec)) return;
  for (int i = 0; i < int(other_activations().size()); ++i)
    if (const OtherActivation& f = other_activations()[std::size_t(i)]; f.most == 0)
      for (Slip::Pass pass : {Slip::Pass::both, Slip::Pass::backward})
        out.push_back(with(std::string("activation/") + f.id + (pass == Slip::Pass::both ? "" : "-backward"),
                           std::string(pass == Slip::Pass::both ? "the activation is "
                                                                : "the activation's derivative is that of ") +
                               f.says,
                           1, {.what = What::other_activation, .pass = pass, .from = i}));
}

// The sum beside a norm has a cotangent of its own, which must not go back through the norm.
void add_sum_through_norm(Alternatives& out) {
  for (bool parameters_too : {true, false})
    out.push_back(
        {std::string("backward/sum-through-the-norm") + (parameters_too ? "" : "-but-for-its-parameters"),
         "the cotangent of the sum goes back through the norm, as that of y does",
         "https://github.com/Dao-AILab/quack/pull/53", 1, [=](const Failed& f, const Computing& compute) {
           Question q = f.question;
           if (q.spec.part != Part::add_norm || !q.gradients)
             throw Error("expected gradients of a sum and its norm");
           auto of_y = q.inputs.cotangent.leftCols(q.spec.d);
           auto of_sum = q.inputs.cotangent.rightCols(q.spec.d);
           of_y += of_sum;
           of_sum.setZero();
           Outputs out = compute(q, {});
           if (!parameters_too)
             for (const auto& [name, value] : compute(f.question, {}))
               if (name.starts_with("grad.norm.")) out[name] = value;
           return out;
         }});
}

// Rows are divided by their largest entry, so that squares do not overflow, but eps is not scaled with them.
void add_scaled_rows(Alternatives& out) {
  out.push_back({"norm/eps-times-largest-squared",
                 "each row is divided by its largest entry before its variance is taken and eps is added",
                 "https://github.com/apple/coremltools/pull/2822", 1,
                 [](const Failed& f, const Computing& compute) {
                   Question q = f.question;
                   if (q.spec.part != Part::norm) throw Error("expected a norm");
                   const Matrix<double>& x = f.question.inputs.x;
                   const Eigen::VectorXd largest = x.cwiseAbs().rowwise().maxCoeff();
                   if (!(largest.minCoeff() > 0)) throw Error("expected rows that are not 0");
                   q.inputs.x = largest.cwiseInverse().asDiagonal() * x;
                   Outputs out = compute(q, {});
                   if (!q.gradients) return out;
                   Matrix<double>& g = out.at("grad.x");
                   for (Eigen::Index i = 0; i < x.rows(); ++i) {
                     Eigen::Index at;
                     x.row(i).cwiseAbs().maxCoeff(&at);
                     const double along = g.row(i).dot(x.row(i)) / largest[i];
                     g(i, at) -= x(i, at) > 0 ? along : -along;
                     g.row(i) /= largest[i];
                   }
                   return out;
                 }});
}

}  // namespace

Alternatives hand_written(const Failed& f) {
  Alternatives out;
  add_sum_through_norm(out);
  add_scaled_rows(out);
  if (f.question.gradients && attends(f.question.spec))
    out.push_back(with("softmax/derivative-of-unmasked", "the derivative of the softmax over all keys", 1,
                       {.what = What::unmasked, .pass = Slip::Pass::backward}));
  if (f.question.gradients && !f.wrong.contains("y")) add_norm_backwards(out, f.question);
  add_turns(out, f.question);
  add_activations(out, f.question);
  return out;
}

std::vector<Fitted> fitted_by_hand(const Question& q) {
  std::vector<Fitted> out;
  const auto add = [&](double least, double most, const std::string& id, const std::string& says,
                       const Slip& slip) {
    out.push_back({least, most, [=](double c) {
                     Slip at = slip;
                     at.number = c;
                     return with(id + "=" + digits_of(c), says + ", c = " + digits_of(c), 1.5, at);
                   }});
  };
  if (feeds(q.spec)) {
    for (int i = 0; i < int(other_activations().size()); ++i)
      if (const OtherActivation& f = other_activations()[std::size_t(i)]; f.most > 0)
        add(f.least, f.most, std::string("activation/") + f.id, std::string("the activation is ") + f.says,
            {.what = What::other_activation, .from = i});
    add(0.1, 10, "activation/cut-below", "the activation is 0 below -c", {.what = What::cut_activation});
  }
  if (q.spec.position.rope)
    for (int i = 0; i < int(other_turns().size()); ++i)
      if (other_turns()[std::size_t(i)].what == OtherTurns::What::positions_scaled)
        add(1.0 / 64, 64, "rope/positions-scaled", "positions are multiplied by c",
            {.what = What::turned, .from = i});
  return out;
}

}  // namespace plumbline
