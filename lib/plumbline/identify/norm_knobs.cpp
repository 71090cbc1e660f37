#include "plumbline/identify/norm_knobs.hpp"

namespace plumbline::identify {
namespace {

struct Value {
  std::string text;
  std::function<void(NormSpec&)> set;
};

// One knob of a norm: what it is, and the values that a norm with these parameters can have.
struct Field {
  std::string id;
  std::function<std::string(const NormSpec&)> text;
  std::function<std::vector<Value>(const NormSpec&, Affine)> values;
};

template <class E>
Field enumerated(std::string id, E NormSpec::*member) {
  return {std::move(id), [=](const NormSpec& n) { return std::string(plumbline::name_of(n.*member)); },
          [=](const NormSpec&, Affine) {
            std::vector<Value> values;
            for (auto [e, text] : names<E>())
              values.push_back({std::string(text), [=, e = e](NormSpec& n) { n.*member = e; }});
            return values;
          }};
}

// rms_norm of what is centred is layer_norm, and layer_norm of what is not is rms_norm: three kinds are left.
std::string kind_text(const NormSpec& n) {
  if (n.centring == Centring::variance_only) return "variance_only";
  return std::string(plumbline::name_of(n.kind));
}
void set_kind(NormSpec& n, NormKind kind, Centring centring) { n.kind = kind, n.centring = centring; }

std::vector<Field> fields() {
  return {
      {"kind", kind_text,
       [](const NormSpec&, Affine) -> std::vector<Value> {
         return {{"layer_norm", [](NormSpec& n) { set_kind(n, NormKind::layer_norm, Centring::by_kind); }},
                 {"rms_norm", [](NormSpec& n) { set_kind(n, NormKind::rms_norm, Centring::by_kind); }},
                 {"variance_only",
                  [](NormSpec& n) { set_kind(n, NormKind::layer_norm, Centring::variance_only); }}};
       }},
      {"eps", [](const NormSpec& n) { return number_text(n.eps); },
       [](const NormSpec&, Affine) {
         std::vector<Value> values;
         for (double eps : usual_eps)
           values.push_back({number_text(eps), [eps](NormSpec& n) { n.eps = eps; }});
         return values;
       }},
      enumerated("eps_mode", &NormSpec::eps_mode),
      enumerated("variance_divisor", &NormSpec::variance_divisor),
      enumerated("scaling", &NormSpec::scaling),
      {"axis", [](const NormSpec& n) { return std::string(plumbline::name_of(n.axis)); },
       [](const NormSpec& n, Affine) -> std::vector<Value> {
         if (n.width != NormWidth::hidden) return {};
         return {{"channels", [](NormSpec& m) { m.axis = NormAxis::channels; }},
                 {"tokens", [](NormSpec& m) { m.axis = NormAxis::tokens; }}};
       }},
      {"gain_place", [](const NormSpec& n) { return std::string(plumbline::name_of(n.gain_place)); },
       [](const NormSpec& n, Affine) -> std::vector<Value> {
         if (!n.gain) return {};
         return {{"after", [](NormSpec& m) { m.gain_place = GainPlace::after; }},
                 {"before", [](NormSpec& m) { m.gain_place = GainPlace::before; }}};
       }},
      {"gain",
       [](const NormSpec& n) {
         return std::string(!n.gain ? "none" : n.gain_offset ? "1 + weight" : "weight");
       },
       [](const NormSpec&, Affine a) -> std::vector<Value> {
         if (!a.gain) return {};
         return {{"weight", [](NormSpec& m) { m.gain = true, m.gain_offset = 0; }},
                 {"1 + weight", [](NormSpec& m) { m.gain = true, m.gain_offset = 1; }},
                 {"none",
                  [](NormSpec& m) { m.gain = false, m.gain_offset = 0, m.gain_place = GainPlace::after; }}};
       }},
      {"bias", [](const NormSpec& n) { return std::string(n.bias ? "true" : "false"); },
       [](const NormSpec&, Affine a) -> std::vector<Value> {
         if (!a.bias) return {};
         return {{"true", [](NormSpec& m) { m.bias = true; }},
                 {"false", [](NormSpec& m) { m.bias = false; }}};
       }},
  };
}

// The values of a field over several norms: the common one, or each with where it stands.
std::string common_text(const Field& f, std::vector<NamedSlot> slots) {
  std::string common, each;
  bool alike = true;
  for (const NamedSlot& s : slots) {
    const std::string text = f.text(**s.slot);
    alike = alike && (common.empty() || text == common);
    common = text;
    each += (each.empty() ? "" : ", ") + text + " in " + s.id;
  }
  return alike ? common : each;
}

Variation of_all(const Field& f, const Space& space) {
  return {"norms." + f.id, norms,
          [f](const Candidate& c) {
            Candidate copy = c;
            return common_text(f, filled_slots(copy.spec));
          },
          [f, &space](const Candidate& c) {
            std::vector<std::string> texts;  // in the order in which they are first met
            Candidate copy = c;
            for (const NamedSlot& s : filled_slots(copy.spec))
              for (const Value& v : f.values(**s.slot, affine_of(c, space, s.id)))
                if (std::find(texts.begin(), texts.end(), v.text) == texts.end()) texts.push_back(v.text);
            std::vector<Candidate> out;
            for (const std::string& text : texts) {
              Candidate other = c;
              for (const NamedSlot& s : filled_slots(other.spec))
                for (const Value& v : f.values(**s.slot, affine_of(c, space, s.id)))
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
  return {(id == "final_norm" ? id : "norm_slots." + id) + "." + f.id, slots,
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
            for (const Value& v : f.values(*n, affine_of(c, space, id))) {
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

Affine affine_of(const Candidate& c, const Space& space, const std::string& slot_id) {
  for (std::size_t k = 0; k < c.places.size(); ++k) {
    const NormPlace at = c.places[k] == NormPlace::shared_in ? NormPlace::attn_in : c.places[k];
    if (at != NormPlace::nowhere && name_of(at) == slot_id)
      return {space.anatomy.norms[k].gain, space.anatomy.norms[k].bias};
  }
  BlockSpec declared = space.anatomy.spec;
  for (const NamedSlot& s : filled_slots(declared))
    if (s.id == slot_id) return {(*s.slot)->gain, (*s.slot)->bias};
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
