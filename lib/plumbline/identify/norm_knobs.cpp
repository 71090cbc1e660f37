#include "plumbline/identify/norm_knobs.hpp"

#include "plumbline/identify/choices.hpp"

namespace plumbline::identify {
namespace {

// One knob of a norm: what it is, and the values that a norm with these parameters can have.
struct Field {
  std::string key;
  std::function<std::string(const NormSpec&)> text;
  std::function<std::vector<Value<NormSpec>>(const NormSpec&, NormParameters)> values;
};

// rms_norm of what is centred is layer_norm, and layer_norm of what is not is rms_norm: three kinds are left.
// The fourth has an alpha, and no other has one.
std::string kind_text(const NormSpec& n) {
  if (n.centring == Centring::variance_only) return "variance_only";
  return std::string(plumbline::name_of(n.kind));
}
void set_kind(NormSpec& n, NormKind kind, Centring centring) { n.kind = kind, n.centring = centring; }

Field kind_field() {
  return {"kind", kind_text, [](const NormSpec&, NormParameters has) -> std::vector<Value<NormSpec>> {
            if (has.alpha) return {};
            return {{"layer_norm", [](NormSpec& n) { set_kind(n, NormKind::layer_norm, Centring::by_kind); }},
                    {"rms_norm", [](NormSpec& n) { set_kind(n, NormKind::rms_norm, Centring::by_kind); }},
                    {"variance_only",
                     [](NormSpec& n) { set_kind(n, NormKind::layer_norm, Centring::variance_only); }}};
          }};
}

Field eps_field() {
  return {"eps", [](const NormSpec& n) { return has_statistics(n) ? number_text(n.eps) : std::string(); },
          [](const NormSpec& n, NormParameters) {
            std::vector<Value<NormSpec>> values;
            if (!has_statistics(n)) return values;
            for (double eps : usual_eps)
              values.push_back({number_text(eps), [eps](NormSpec& m) { m.eps = eps; }});
            return values;
          }};
}

Field gain_field() {
  return {"gain",
          [](const NormSpec& n) {
            return std::string(!n.gain ? "none" : n.gain_offset ? "1 + weight" : "weight");
          },
          [](const NormSpec&, NormParameters has) -> std::vector<Value<NormSpec>> {
            if (!has.gain) return {};
            return {{"weight", [](NormSpec& m) { m.gain = true, m.gain_offset = 0; }},
                    {"1 + weight", [](NormSpec& m) { m.gain = true, m.gain_offset = 1; }},
                    {"none", [](NormSpec& m) {
                       m.gain = false, m.gain_offset = 0, m.gain_place = GainPlace::after;
                     }}};
          }};
}

Field bias_field() {
  return {
      "bias", [](const NormSpec& n) { return std::string(n.bias ? "true" : "false"); },
      [](const NormSpec&, NormParameters has) -> std::vector<Value<NormSpec>> {
        if (!has.bias) return {};
        return {{"true", [](NormSpec& m) { m.bias = true; }}, {"false", [](NormSpec& m) { m.bias = false; }}};
      }};
}

// By hand is what depends on the parameters that there are, and eps, which is solved for. The order matters
// where two knobs explain as much: what is done with eps stands beside it, and gain and bias come last.
std::vector<Field> fields() {
  std::vector<Field> out{kind_field(), eps_field()};
  const Field last[] = {gain_field(), bias_field()};
  for (const Choice<NormSpec>& c : choices<NormSpec>("norms"))
    if (c.key != "kind" && c.key != "gain" && c.key != "bias")
      out.push_back({c.key, c.text, [c](const NormSpec& n, NormParameters) { return c.values(n); }});
  std::stable_partition(out.begin() + 1, out.end(), [](const Field& f) { return f.key.starts_with("eps"); });
  out.insert(out.end(), std::begin(last), std::end(last));
  return out;
}

// The values of a field over several norms: the common one, or each with where it stands.
std::string common_text(const Field& f, std::vector<NamedSlot> slots) {
  std::string common, each;
  bool alike = true;
  for (const NamedSlot& s : slots) {
    const std::string text = f.text(**s.slot);
    if (text.empty()) continue;  // the norm has no such knob
    alike = alike && (common.empty() || text == common);
    common = text;
    each += (each.empty() ? "" : ", ") + text + " in " + s.id;
  }
  return alike ? common : each;
}

Variation of_all(const Field& f, const Space& space) {
  return {"norms." + f.key, norms,
          [f](const Candidate& c) {
            Candidate copy = c;
            return common_text(f, filled_slots(copy.spec));
          },
          [f, &space](const Candidate& c) {
            std::vector<std::string> texts;  // in the order in which they are first met
            Candidate copy = c;
            for (const NamedSlot& s : filled_slots(copy.spec))
              for (const Value<NormSpec>& v : f.values(**s.slot, declared_parameters(c, space, s.id)))
                if (std::find(texts.begin(), texts.end(), v.text) == texts.end()) texts.push_back(v.text);
            std::vector<Candidate> out;
            for (const std::string& text : texts) {
              Candidate other = c;
              for (const NamedSlot& s : filled_slots(other.spec))
                for (const Value<NormSpec>& v : f.values(**s.slot, declared_parameters(c, space, s.id)))
                  if (v.text == text) v.set(**s.slot);
              if (!(other == c)) out.push_back(std::move(other));
            }
            return out;
          }};
}

Variation of_slot(const Field& f, const std::string& id, const Space& space) {
  const auto find = [id](Candidate& c) -> NormSpec* {
    for (const NamedSlot& s : filled_slots(c.spec))
      if (s.id == id) return &**s.slot;
    return nullptr;
  };
  return {(id == "final_norm" ? id : "norm_slots." + id) + "." + f.key, slots,
          [f, find](const Candidate& c) {
            Candidate copy = c;
            const NormSpec* n = find(copy);
            return n ? f.text(*n) : std::string();
          },
          [f, find, id, &space](const Candidate& c) {
            std::vector<Candidate> out;
            Candidate copy = c;
            const NormSpec* n = find(copy);
            if (!n || filled_slots(copy.spec).size() < 2) return out;
            for (const Value<NormSpec>& v : f.values(*n, declared_parameters(c, space, id))) {
              Candidate other = c;
              v.set(*find(other));
              if (!(other == c)) out.push_back(std::move(other));
            }
            return out;
          }};
}

}  // namespace

std::vector<NamedSlot> filled_slots(BlockSpec& s) {
  std::vector<NamedSlot> out;
  for_each_norm_slot(s, [&](const std::string& id, NormSlot& slot) {
    if (slot) out.push_back({id, &slot});
  });
  return out;
}

NormParameters declared_parameters(const Candidate& c, const Space& space, const std::string& slot_id) {
  for (std::size_t k = 0; k < c.places.size(); ++k) {
    const NormPlace at = c.places[k] == NormPlace::shared_in ? NormPlace::attn_in : c.places[k];
    if (at != NormPlace::nowhere && name_of(at) == slot_id) return space.anatomy.norms[k].has;
  }
  BlockSpec declared = space.anatomy.spec;
  for (const NamedSlot& s : filled_slots(declared))
    if (s.id == slot_id) return parameters_of(**s.slot);
  return {};
}

std::vector<Variation> norm_knobs(const Space& space) {
  std::vector<Variation> out;
  for (const Field& f : fields()) out.push_back(of_all(f, space));
  const BlockSpec any;
  for_each_norm_slot(any, [&](const std::string& id, const NormSlot&) {
    for (const Field& f : fields()) out.push_back(of_slot(f, id, space));
  });
  return out;
}

}  // namespace plumbline::identify
