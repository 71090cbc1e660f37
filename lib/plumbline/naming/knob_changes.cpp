// Alternatives that are another spec: one knob at another value, found in the spec's JSON form, so that a new
// knob is one of them by construction.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/naming/alternative.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {
namespace {

using Pointer = Json::json_pointer;

// The path of every value that is no object.
void add_leaves(const Json& j, const std::string& path, std::vector<std::string>& out) {
  if (!j.is_object()) {
    out.push_back(path);
    return;
  }
  for (const auto& [key, value] : j.items()) add_leaves(value, path + "/" + key, out);
}

std::string dotted(const std::string& path) {
  std::string out = path.substr(1);
  for (char& c : out)
    if (c == '/') c = '.';
  return out;
}
std::string key_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The spec with every choice that a right one can make, also where it is the usual one.
Json in_full(const BlockSpec& spec) {
  Json json = to_json(spec);
  walk(spec, "", [&](std::string at, const auto& k, const auto& feature) {
    if constexpr (std::is_enum_v<typename std::remove_cvref_t<decltype(k)>::Value>) {
      std::replace(at.begin(), at.end(), '.', '/');
      if (!k.wrong && k.is_of(feature) && !json.contains(Pointer("/" + at)))
        json[Pointer("/" + at)] = name_of(feature.*(k.member));
    }
  });
  return json;
}

// "eps of every norm", where a knob stands in several norms.
struct KnobPaths {
  std::string id;
  std::vector<std::string> paths;
  std::string says;
};

bool is_of_norm(const std::string& path) {
  return path.starts_with("/norm_slots/") || path.starts_with("/final_norm/");
}

std::vector<KnobPaths> knobs_of(const Json& spec) {
  std::vector<std::string> leaves;
  add_leaves(spec, "", leaves);
  std::vector<KnobPaths> out;
  std::map<std::string, std::vector<std::string>> of_norms;
  for (const std::string& path : leaves) {
    out.push_back({dotted(path), {path}, dotted(path)});
    if (is_of_norm(path) && !spec.at(Pointer(path)).is_null()) of_norms[key_of(path)].push_back(path);
  }
  for (const auto& [key, paths] : of_norms)
    if (paths.size() > 1) out.push_back({"norms." + key, paths, key + " of every norm"});
  return out;
}

Json& value_at(Json& spec, const std::string& path) {
  if (!spec.contains(Pointer(path))) throw Error(dotted(path) + ": expected a value, found none");
  return spec.at(Pointer(path));
}

Question with_spec(const Question& q, const Json& json) {
  Question out = q;
  out.spec = spec_from_json(json);
  if (out.spec.part != q.spec.part || out.spec.d != q.spec.d) throw Error("spec: expected the same sizes");
  return out;
}

using Rewrite = std::function<void(Json& spec)>;

Alternative changed(std::string id, std::string says, double assumes, Rewrite change) {
  return {"knob/" + id, std::move(says), "", assumes, [change](const Failed& f, const Computing& compute) {
            Json json = in_full(f.question.spec);
            change(json);
            const Question q = with_spec(f.question, json);
            if (q.spec == f.question.spec) throw Error("spec: expected another one");
            Outputs out = compute(q, {});
            for (const std::string& name : output_names(f.question))
              if (!out.contains(name)) throw Error(name + ": expected a tensor, found none");
            return out;
          }};
}

// What the knob at a path can be called, where it is a choice among names.
std::vector<std::string> names_at(const BlockSpec& spec, const std::string& path) {
  std::vector<std::string> out;
  walk(spec, "", [&](const std::string& at, const auto& k, const auto&) {
    using T = without_optional<typename std::remove_cvref_t<decltype(k)>::Value>;
    if (at != dotted(path)) return;
    if constexpr (std::is_enum_v<T>)
      for (const auto& [value, name] : names<T>()) out.emplace_back(name);
    if constexpr (std::is_same_v<T, bool>)
      if (k.is_named()) out = {std::string(k.no), std::string(k.yes)};
  });
  return out;
}

Alternative set_to(const KnobPaths& k, const Json& value, double assumes = 1) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  return changed(k.id + "=" + text, k.says + " is " + text + ", whatever was asked for", assumes,
                 [k, value](Json& spec) {
                   for (const std::string& path : k.paths) value_at(spec, path) = value;
                 });
}

void add_texts(Alternatives& out, const KnobPaths& k, const BlockSpec& declared, const Json& spec) {
  const std::string now = spec.at(Pointer(k.paths.front())).get<std::string>();
  for (const std::string& other : names_at(declared, k.paths.front())) {
    if (other == now) continue;
    try {
      Json json = spec;
      for (const std::string& path : k.paths) value_at(json, path) = other;
      if (other == "causal") json["attention"]["window"] = nullptr;
      spec_from_json(json);
    } catch (const Error&) {
      continue;
    }
    out.push_back(set_to(k, other));
  }
}

void add_whole_numbers(Alternatives& out, const KnobPaths& k) {
  struct Step {
    const char *id, *says;
    int (*of)(int);
  };
  static constexpr Step steps[] = {{"+1", "one more than asked for", [](int n) { return n + 1; }},
                                   {"-1", "one less than asked for", [](int n) { return n - 1; }},
                                   {"x2", "twice what was asked for", [](int n) { return 2 * n; }},
                                   {"/2", "half of what was asked for", [](int n) { return n / 2; }}};
  for (const Step& s : steps)
    out.push_back(changed(k.id + s.id, k.says + " is " + s.says, 1, [k, of = s.of](Json& spec) {
      for (const std::string& path : k.paths) {
        Json& value = value_at(spec, path);
        if (!value.is_number_integer()) throw Error(k.id + ": expected a number");
        value = of(value.get<int>());
      }
    }));
  for (int value : {0, 1, 2, 4, 8, 16, 32, 64}) out.push_back(set_to(k, value, value < 2 ? 1 : 1.25));
}

// Left out of the JSON: the reader's default is what a program computes that ignores the knob.
void add_default(Alternatives& out, const KnobPaths& k, const Json& spec) {
  const auto erase = [k](Json& spec) {
    for (const std::string& path : k.paths) {
      value_at(spec, path);
      spec.at(Pointer(path.substr(0, path.rfind('/')))).erase(key_of(path));
    }
  };
  try {
    Json other = spec;
    erase(other);
    if (spec_from_json(other) == spec_from_json(spec)) return;
  } catch (const Error&) {  // a knob that cannot be left out
    return;
  }
  out.push_back(changed(k.id + "-ignored", "as if " + k.says + " were left at its default", 0.75, erase));
}

void add_wiring(Alternatives& out) {
  out.push_back(changed("attention.window-ignored", "as if there were no window", 0.75, [](Json& spec) {
    if (value_at(spec, "/attention/window").is_null()) throw Error("expected a window");
    spec["attention"]["window"] = nullptr;
    spec["attention"]["mask"] = "causal";
  }));
  // Moved from one slot to another, and two exchanged.
  for (const char* sublayer : {"attn", "ffn"})
    for (const char* slot : {"in", "mid", "out", "post", "q", "k"})
      out.push_back(changed("norm_slots." + std::string(sublayer) + "." + slot + "-missing",
                            "the norm in slot " + std::string(sublayer) + "." + slot + " is left out", 1,
                            [sublayer, slot](Json& spec) {
                              value_at(spec, "/norm_slots/" + std::string(sublayer) + "/" + slot) = nullptr;
                            }));
}

// What a scale may be made of by mistake.
void add_scales(Alternatives& out) {
  struct Radicand {
    const char *id, *says;
    double (*of)(const BlockSpec&);
  };
  static constexpr Radicand radicands[] = {
      {"of-width-over-heads", "1/sqrt(d / n_heads)",
       [](const BlockSpec& s) { return double(s.d) / s.attention.n_heads; }},
      {"of-width-over-heads-rounded-down", "1/sqrt(floor(d / n_heads))",
       [](const BlockSpec& s) { return double(s.d / s.attention.n_heads); }},
      {"of-kv-heads", "1/sqrt(n_kv_heads)",
       [](const BlockSpec& s) { return double(s.attention.n_kv_heads); }},
      {"of-half-head-dim", "1/sqrt(head_dim / 2)",
       [](const BlockSpec& s) { return s.attention.head_dim / 2.0; }},
      {"of-root-head-dim", "1/head_dim^(1/4)",
       [](const BlockSpec& s) { return std::sqrt(double(s.attention.head_dim)); }},
      {"of-group", "1/sqrt(n_heads / n_kv_heads)",
       [](const BlockSpec& s) { return double(s.attention.n_heads) / s.attention.n_kv_heads; }},
      {"inverted", "sqrt(head_dim)", [](const BlockSpec& s) { return 1.0 / s.attention.head_dim; }},
      {"of-all-heads", "1/sqrt(n_heads head_dim)",
       [](const BlockSpec& s) { return double(s.attention.n_heads) * s.attention.head_dim; }}};
  for (const Radicand& r : radicands)
    out.push_back({"knob/attention.scale-" + std::string(r.id),
                   "the scale of scores is " + std::string(r.says), "", 1,
                   [of = r.of](const Failed& f, const Computing& compute) {
                     Question q = f.question;
                     if (!q.spec.attention.n_kv_heads) throw Error("expected heads");
                     q.spec.attention.scale.rule = ScaleRule::inv_sqrt_scalar;
                     q.spec.attention.scale.value = of(q.spec);
                     return compute(q, {});
                   }});
}

Fitted number(const KnobPaths& k, double least, double most) {
  return {least, most, [k](double x) { return set_to(k, x, 1.5); }};
}

}  // namespace

std::string digits_of(double x) { return Json(x).dump(); }

Alternatives changed_knobs(const Question& q) {
  const Json spec = in_full(q.spec);
  Alternatives out;
  for (const KnobPaths& k : knobs_of(spec)) {
    const Json& value = spec.at(Pointer(k.paths.front()));
    add_default(out, k, spec);
    if (value.is_string()) add_texts(out, k, q.spec, spec);
    if (value.is_boolean()) out.push_back(set_to(k, !value.get<bool>()));
    if (value.is_number_integer()) add_whole_numbers(out, k);
    if (value.is_number_float())
      for (double x : {0.0, 1.0}) out.push_back(set_to(k, x, 0.9));
    if (!value.is_null() && !is_of_norm(k.paths.front())) out.push_back(set_to(k, nullptr));
  }
  add_wiring(out);
  add_scales(out);
  return out;
}

std::vector<Fitted> fitted(const Question& q) {
  std::vector<Fitted> out;
  out.push_back({1e-4, 1e4, [](double c) {
                   return Alternative{"written/factor", digits_of(c) + " times what is right", "", 1.5,
                                      [c](const Failed& f, const Computing& compute) {
                                        Outputs out = compute(f.question, {});
                                        for (auto& [name, value] : out)
                                          if (f.wrong.contains(name)) value *= c;
                                        return out;
                                      }};
                 }});
  const Json spec = in_full(q.spec);
  for (const KnobPaths& k : knobs_of(spec)) {
    const Json& value = spec.at(Pointer(k.paths.front()));
    if (!value.is_number_float()) continue;
    if (key_of(k.paths.front()) == "eps")
      out.push_back(number(k, 1e-14, 1));
    else if (key_of(k.paths.front()) == "base")
      out.push_back(number(k, 10, 1e8));
    else
      out.push_back(number(k, 1e-3 * std::max(1e-3, std::abs(value.get<double>())),
                           1e3 * std::max(1e-3, std::abs(value.get<double>()))));
  }
  return out;
}

}  // namespace plumbline
