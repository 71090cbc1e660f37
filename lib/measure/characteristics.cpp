#include "measure/characteristics.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>

#include "peer/block.hpp"
#include "plumbline/ensemble/members.hpp"
#include "plumbline/judge/describe.hpp"
#include "plumbline/naming/diagnosis.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

peer::Storage storage_of(const Profile& p) {
  return p.storage == Dtype::bf16  ? peer::Storage::bfloat16
         : p.storage == Dtype::f16 ? peer::Storage::float16
                                   : peer::Storage::native;
}

Outputs peer_answer(const Question& q, const Profile& p, const peer::Variant& v) {
  return peer::answer(q, v, p.storage == Dtype::f64);
}

double ratio_to_noise(const Signature& s) {
  double sum = 0;
  for (const auto& v : s.scaled) sum += v.squaredNorm();
  return std::sqrt(sum);
}

// Whether a deviation is the named one, or computes the same here: they differ by less than the noise, or
// than the signatures' own rounding.
bool is_named(const Signature& a, const Verdict& v, const Signatures& signatures) {
  for (const Signature& b : signatures.all()) {
    if (b.deviation->id != v.deviation) continue;
    double difference = 0, size = 0, entries = 0;
    for (std::size_t i = 0; i < a.scaled.size(); ++i) {
      difference += (a.scaled[i] - b.scaled[i]).squaredNorm();
      size += a.scaled[i].squaredNorm();
      entries += double(a.scaled[i].size());
    }
    return difference < std::max(1.0, size * std::pow(entries * 0x1p-53, 2));
  }
  return false;
}

template <class Body>
void for_each_question(const Campaign& c, const Profile& profile, Recipe recipe, bool gradients, Body body) {
  for (const std::string& preset : c.presets)
    for (int seed = 1; seed <= c.seeds; ++seed)
      body(question_from(preset, recipe, profile, gradients, std::uint64_t(seed), c.width),
           std::uint64_t(seed));
}

}  // namespace

Outputs faulty_answer(const Question& declared, const Profile& profile, const Deviation& d,
                      std::uint64_t seed) {
  return member_outputs({&d}, declared, profile, seed);
}

std::optional<Outputs> faulty_answer(const Question& declared, const Profile& profile, const Deviation& first,
                                     const Deviation& second, std::uint64_t seed) {
  if (!second.applies_to(deviating(first, declared.spec))) return std::nullopt;
  return member_outputs({&first, &second}, declared, profile, seed);
}

Pairs name_pairs(const Campaign& campaign, const Profile& profile, int wanted) {
  Pairs pairs;
  std::mt19937_64 bits(1);
  while (pairs.tried < wanted) {
    const std::string& preset = campaign.presets[bits() % campaign.presets.size()];
    const Question q = question_from(preset, Recipe::rich, profile, true, bits(), campaign.width);
    const Request request{preset, profile, q};
    const Judge judge(q, profile);
    std::vector<const Deviation*> clear;
    for (const Signature& s : judge.signatures().all())
      if (judge.signatures().separates(s, guard(profile, true))) clear.push_back(s.deviation);
    for (int k = 0; k < 4 && pairs.tried < wanted; ++k) {
      const Deviation *a = clear[bits() % clear.size()], *b = clear[bits() % clear.size()];
      if (a == b) continue;
      const std::optional<Outputs> y = faulty_answer(q, profile, *a, *b, bits());
      if (!y) continue;
      const Verdict v = judge(*y);
      const Evidence evidence{&request, &*y, &v};
      const std::vector<Diagnosis> found = diagnose({&evidence, 1});
      ++pairs.tried;
      pairs.called_wrong += v.finding < Finding::inconclusive;
      const bool named = !found.empty() &&
                         (found[0].deviations == Deviations{a, b} || found[0].deviations == Deviations{b, a});
      pairs.named += named;
      if (!named)
        std::fprintf(stderr, "%s: %s and %s: %s\n", preset.c_str(), std::string(a->id).c_str(),
                     std::string(b->id).c_str(),
                     found.empty() ? describe(v).c_str() : describe(found[0], 1).c_str());
    }
  }
  return pairs;
}

Characteristics measure(const Campaign& campaign, const Profile& profile, Recipe recipe, bool gradients) {
  using Clock = std::chrono::steady_clock;
  Characteristics c;
  std::vector<double> times;
  for_each_question(campaign, profile, recipe, gradients, [&](const Question& q, std::uint64_t seed) {
    const auto start = Clock::now();
    const Judge judge(q, profile, {.seed = seed});
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    ++c.questions;
    const double threshold = judge.signatures().threshold(guard(profile, gradients));
    for (const peer::Variant& v : peer::correct_variants(storage_of(profile))) {
      const Outputs y = peer_answer(q, profile, v);
      const Verdict verdict = judge(y);
      ++c.correct;
      c.false_alarms += verdict.finding != Finding::agrees;
      c.worst_p = std::min(c.worst_p, verdict.test.p);
      const Match m = judge.signatures().loudest(judge.calibration().error(y), guard(profile, gradients));
      c.worst_match = std::max(c.worst_match, m.statistic / threshold);
      if (verdict.finding != Finding::agrees)
        std::fprintf(stderr, "false alarm: %s, %s: %s\n", profile.name.c_str(), v.name.c_str(),
                     verdict.reason.c_str());
    }
    for (const Signature& s : judge.signatures().all()) {
      const Outputs y = faulty_answer(q, profile, *s.deviation, 77 + seed);
      const Verdict known = judge(y), unknown = judge.unnamed(y, s.deviation);
      const bool clear = ratio_to_noise(s) >= 10;
      const bool found = known.finding <= Finding::wrong, without = unknown.finding <= Finding::wrong;
      ++c.with_effect;
      c.clear += clear;
      c.found += found;
      c.found_clear += clear && found;
      c.unknown_found += without;
      c.unknown_found_clear += clear && without;
      c.unknown_coarser += unknown.finding == Finding::coarser;
      const bool named = is_named(s, known, judge.signatures());
      if (clear && found) ++(named ? c.named_right : known.deviation.empty() ? c.not_named : c.named_wrong);
      if (clear && (!without || !named))
        std::fprintf(stderr, "%s: %s is %s; out of the catalogue %s\n", profile.name.c_str(),
                     std::string(s.deviation->id).c_str(), describe(known).c_str(),
                     describe(unknown).c_str());
      c.separated += judge.signatures().separates(s, guard(profile, gradients));
    }
  });
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  c.calibration_ms = times[times.size() / 2];
  return c;
}

std::vector<Confusion> confusion(const Campaign& campaign, const Profile& profile) {
  Confusion declared{"correct, as declared"}, every{"correct, every operation rounded"},
      statistics{"correct, statistics of norms in the storage type"}, known{"bug in the catalogue, SNR ≥ 10"},
      unknown{"bug left out of the catalogue"};
  const auto count = [](Confusion& c, const Verdict& v) {
    switch (v.finding) {
      case Finding::agrees: ++c.agrees; break;
      case Finding::coarser: ++c.coarser; break;
      case Finding::inconclusive: ++c.inconclusive; break;
      default: ++(v.deviation.empty() ? c.wrong : c.named);
    }
  };
  for (Recipe recipe : {Recipe::ordinary, Recipe::rich})
    for_each_question(campaign, profile, recipe, false, [&](const Question& q, std::uint64_t seed) {
      const Judge judge(q, profile, {.seed = seed});
      for (peer::Variant v : peer::correct_variants(storage_of(profile))) {
        count(declared, judge(peer_answer(q, profile, v)));
        if (v.stores != peer::Stores::all) continue;
        v.stored_statistics = true;
        count(statistics, judge(peer_answer(q, profile, v)));
        v.every_operation = true;
        count(every, judge(peer_answer(q, profile, v)));
      }
      for (const Signature& s : judge.signatures().all()) {
        if (ratio_to_noise(s) < 10) continue;
        const Outputs y = faulty_answer(q, profile, *s.deviation, 77 + seed);
        count(known, judge(y));
        count(unknown, judge(y, s.deviation));
      }
    });
  return {declared, every, statistics, known, unknown};
}

}  // namespace plumbline
