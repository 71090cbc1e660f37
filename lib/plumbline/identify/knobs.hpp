// The ways in which one candidate differs from its neighbours: every knob of a spec that shapes do not fix,
// right and wrong values alike.
#pragma once

#include <functional>
#include <span>

#include "plumbline/identify/candidate.hpp"

namespace plumbline::identify {

// Among what candidates are looked for.
struct Space {
  Anatomy anatomy;
  int longest = 9;  // tokens of a sequence that is asked: longer windows are not seen
};

// Knobs that the same questions show. A stage of the search asks some questions, and turns the knobs of some
// groups alone.
enum Group : unsigned {
  wiring = 1,      // of the block: where norms stand, what is added to what
  norms = 2,       // of a norm, turned in every norm at once
  slots = 4,       // the same, turned in the norm of one slot
  branches = 8,    // of attention and the feed-forward, what sequences of one token show
  attention = 16,  // of attention, what it takes several tokens to show
  all_groups = 31
};

// One way in which a candidate can differ from its neighbours.
struct Variation {
  std::string id;  // where it stands in a spec's JSON: "attention.mask"; "norms.eps" is that of all norms
  Group group;
  std::function<std::string(const Candidate&)> value;
  std::function<std::vector<Candidate>(const Candidate&)> others;  // those that differ in this knob alone
};

// A knob that is a number, with values that published models have; any other can be solved for.
struct Number {
  std::string id;
  Group group;
  std::function<std::optional<double>(const Candidate&)> get;  // nothing where the candidate does not have it
  std::function<void(Candidate&, double)> set;
  double least, most;  // both positive: it is searched by magnitude
  std::vector<double> usual = {};
};

// The knobs of candidates in that space; those that are numbers.
std::vector<Variation> variations_of(const Space& space);
std::vector<Number> numbers_of(const Space& space);

// The path of a knob below that of its feature.
std::string dotted(const std::string& path, std::string_view key);
// Knobs that have no variation of their own, each with the reason. "norms.eps": of every norm.
struct Unvaried {
  std::string_view path, why;
};
std::span<const Unvaried> unvaried();
// The reason where it is one of them, or within one; else nullptr.
const Unvaried* why_unvaried(std::string_view path);

// Every way to put the norms of a layer somewhere, those that their names say first.
std::vector<std::vector<NormPlace>> placements(const Anatomy& anatomy);
// Every mask; every rotary embedding that is usual, none among them, also turned the other way or scaled;
// ALiBi, right and with each wrong choice.
std::vector<AttentionSpec> with_every_mask(const AttentionSpec& attention, int longest);
std::vector<std::optional<RopeSpec>> usual_ropes(int head_dim);
std::vector<std::optional<RopeSpec>> plainest_ropes(int head_dim);  // of few bases, none scaled or reversed
std::vector<AlibiSpec> usual_alibis();
// Norms on queries and keys: those that the box has parameters for; or, in a model whose norms have none,
// such as it may have. Where these are put, they have the eps of the stream's.
struct QkNorms {
  NormSlot q = {}, k = {};
};
QkNorms norms_on_queries_and_keys(const Anatomy& anatomy);
void set_qk_norms(BlockSpec& spec, const QkNorms& norms);
// Of that many channels for each head, and as many heads as that makes.
void set_head_dim(BlockSpec& spec, int head_dim);

// "0.0001" and the like: as short as it can be without becoming another number of 12 digits.
std::string number_text(double x);

// How many choices no right model makes, or makes for no reason: values of knobs that are mistakes, numbers
// that nobody publishes, norms that differ from one another. What is odd must explain much more.
int oddity(const Candidate& candidate, const Space& space);

}  // namespace plumbline::identify
