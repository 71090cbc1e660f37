// Relations, tried on implementations: a right one obeys them, each is broken by implementations that are
// wrong on purpose, and by no others; and none is said to hold of an answer that says nothing.
#include "plumbline/campaign/examine_relation.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "peer/block.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/cases/deviate.hpp"

namespace plumbline {
namespace {

const Profile& declared() { return find_profile("float32"); }

Answer answered(Outputs outputs) { return {Answer::Kind::outputs, std::move(outputs), ""}; }

Answer right(const Request& r) { return answered(peer::answer(r.question, {.name = "eager"})); }

// In double, rounded once: no relation takes its errors for the deviation.
Outputs deviating_answer(const Deviation& d, const Question& declared) {
  const Question q = deviating(d, declared);
  const auto g = gradients<double>(q.spec, q.inputs.parameters, q.inputs.x, q.inputs.cotangent, q.batch);
  Outputs out{{"y", g.y}, {"grad." + std::string(input_name(q.spec)), g.x}};
  for (const ParameterShape& p : other_inputs(q.spec, 1, 1)) out["grad." + p.name] = g.parameters.at(p.name);
  for (auto& [name, value] : out) value = value.cast<float>().cast<double>().eval();
  return out;
}

Implementation computing(const std::string& deviation) {
  return [&d = find_deviation(deviation)](const Request& r) {
    return d.applies_to(r.question.spec) ? answered(deviating_answer(d, r.question)) : right(r);
  };
}

// The right answer, in which something is changed.
template <class Change>
Implementation changed(Change change) {
  return [change](const Request& r) {
    Answer a = right(r);
    change(a.outputs, r.question);
    return a;
  };
}

// The right answer to another question.
template <class Change>
Implementation to_another(Change change) {
  return [change](Request r) {
    change(r.question);
    return right(r);
  };
}

// Each answer is a little larger than the one before it.
Implementation counting() {
  return [n = std::make_shared<int>()](const Request& r) {
    Answer a = right(r);
    a.outputs.at("y") *= 1 + 0x1p-7 * ++*n;
    return a;
  };
}

// The first sequence shows a little in the last.
void mix_sequences(Outputs& out, const Question& q) {
  Matrix<double>& y = out.at("y");
  const Eigen::Index tokens = q.inputs.x.rows() / q.batch;
  if (q.batch > 1) y.bottomRows(tokens) += 0x1p-7 * Matrix<double>(y.topRows(tokens));
}

// Sums in another order where there are more sequences; and where a sequence does not come first.
Implementation ordering_sums_by_batch() {
  return [](const Request& r) {
    const auto order = r.question.batch > 1 ? peer::Order::eight_lanes : peer::Order::sequential;
    return answered(peer::answer(r.question, {.name = "by batch", .order = order}));
  };
}

struct WrongAnswerer {
  std::string id;
  Implementation implementation;
  std::set<std::string> breaks;
};

// Deviations and misreadings, with the relations that list them.
std::vector<WrongAnswerer> listed_mutants() {
  std::map<std::string, std::set<std::string>> breaks;
  for (const Relation* r : relations())
    for (std::string_view mutant : r->mutants) breaks[std::string(mutant)].insert(std::string(r->id));
  std::vector<WrongAnswerer> out;
  for (const auto& [id, relations] : breaks) {
    const auto is_meant = [&id = id](const Misreading& m) { return m.id == id; };
    const auto m = std::find_if(misreadings().begin(), misreadings().end(), is_meant);
    out.push_back({id, m == misreadings().end() ? computing(id) : to_another(m->apply), relations});
  }
  return out;
}

const std::vector<WrongAnswerer>& wrong_answerers() {
  static const std::vector<WrongAnswerer> all = [] {
    std::vector<WrongAnswerer> out = listed_mutants();
    out.push_back({"counts",
                   counting(),
                   {"batch", "batch-invariant", "causal", "doubling", "gauge", "grouped-heads", "order",
                    "plane", "repeat", "shift", "silent", "tokens", "window", "wiring"}});
    out.push_back({"mixes sequences",
                   changed(mix_sequences),
                   {"batch", "batch-invariant", "plane", "shift", "silent", "wiring"}});
    out.push_back(
        {"sums by batch", ordering_sums_by_batch(), {"batch-invariant", "batch-invariant-gradients"}});
    return out;
  }();
  return all;
}

// What the relations are tried on; each applies to one of them at least.
const char* const subjects[] = {
    R"({"part": "norm", "d": 8, "norm": {"kind": "layer_norm", "eps": 1e-3}})",
    R"({"part": "sdpa", "attention": {"n_heads": 4, "n_kv_heads": 2, "head_dim": 4, "mask": "causal"}})",
    R"({"preset": "pre_norm", "d": 12, "ffn": {"d_ff": 16}, "attention": {"n_heads": 4, "n_kv_heads": 2,
        "head_dim": 4, "mask": "causal_sliding", "window": 2}, "final_norm": null})",
    R"({"preset": "post_norm", "d": 12, "ffn": {"d_ff": 16},
        "attention": {"n_heads": 2, "head_dim": 4, "mask": "bidirectional"}})",
};

Request request(const char* spec, std::uint64_t seed) {
  const Question q = question_from({.spec = spec_from_json(parse_json(spec, "spec")),
                                    .batch = 2,
                                    .tokens = 4,
                                    .gradients = true,
                                    .recipe = Recipe::rich,
                                    .seed = seed},
                                   declared());
  return {"case", declared(), q};
}

// What comes of the relation, subject by subject; where its numbers do not suit one, with others.
std::vector<Examination> examinations(const Relation& law, const Implementation& implementation) {
  std::vector<Examination> out;
  for (const char* spec : subjects)
    for (std::uint64_t seed = 1; seed <= 2; ++seed)
      out.push_back(examine(law, implementation, request(spec, seed)));
  return out;
}

template <class Is>
bool any(const std::vector<Examination>& all, Is is) {
  return std::any_of(all.begin(), all.end(), is);
}

std::set<std::string> broken_by(const Implementation& implementation) {
  std::set<std::string> out;
  for (const Relation* r : relations())
    if (any(examinations(*r, implementation), [](const Examination& e) { return is_failure(e.outcome); }))
      out.insert(std::string(r->id));
  return out;
}

TEST(LiveRelations, HoldOfARightImplementation) {
  for (const Relation* r : relations()) {
    const auto all = examinations(*r, right);
    for (const Examination& e : all) EXPECT_FALSE(is_failure(e.outcome)) << r->id << ": " << e.message;
    EXPECT_TRUE(any(all, [](const Examination& e) { return e.outcome == Outcome::holds; })) << r->id;
  }
}

TEST(LiveRelations, EachMutantBreaksThoseThatListIt) {
  for (const WrongAnswerer& m : wrong_answerers()) EXPECT_EQ(broken_by(m.implementation), m.breaks) << m.id;
}

TEST(LiveRelations, EachIsBrokenByAMutant) {
  std::set<std::string> broken;
  for (const WrongAnswerer& m : wrong_answerers()) broken.insert(m.breaks.begin(), m.breaks.end());
  for (const Relation* r : relations()) EXPECT_TRUE(broken.contains(std::string(r->id))) << r->id;
}

// 0 everywhere, and anything else that does not depend on what is asked.
TEST(LiveRelations, SayNothingOfAnAnswerThatSaysNothing) {
  const auto constant = [](double value) {
    return changed([value](Outputs& out, const Question&) {
      for (auto& [name, matrix] : out) matrix.setConstant(value);
    });
  };
  for (const Implementation& says_nothing : {constant(0), constant(1)})
    for (const Relation* r : relations())
      for (const Examination& e : examinations(*r, says_nothing)) {
        EXPECT_NE(e.outcome, Outcome::holds) << r->id;
        EXPECT_FALSE(e.message.empty()) << r->id;
      }
}

// Laws of the theory, in properties/, have ids in capitals and say it of enclosures, under other premises.
TEST(LiveRelations, HaveNamesOfTheirOwn) {
  std::set<std::string_view> ids;
  for (const Relation* r : relations()) {
    EXPECT_TRUE(ids.insert(r->id).second) << r->id;
    EXPECT_EQ(r->id.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), r->id.npos) << r->id;
  }
}

// ---- what is pinned stays pinned

TEST(LiveRelations, AskAboutNoKnobThatIsPinned) {
  for (const auto& [id, key, spec] :
       {std::tuple("doubling", "eps", 0), std::tuple("grouped-heads", "n_kv_heads", 1),
        std::tuple("batch-invariant", "batch", 0)}) {
    const Relation& law = find_relation(id);
    int other = 0;
    const auto watched = [&, spec = spec](const Request& r) {
      const BlockSpec declared = request(subjects[spec], 1).question.spec;
      other += !(r.question.spec == declared) || r.question.batch != 2;
      return right(r);
    };
    const auto pinned = [key = std::string(key)](std::string_view k, const Json&) { return k != key; };
    const Examination e = examine(law, watched, request(subjects[spec], 1), pinned);
    EXPECT_EQ(other, 0) << id;
    const std::string what = key + std::string(" is pinned");
    EXPECT_NE(e.message.find(what), e.message.npos) << id << ": " << e.message;
  }
}

}  // namespace
}  // namespace plumbline
