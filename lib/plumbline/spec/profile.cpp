#include "plumbline/spec/profile.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/nearest.hpp"
#include "plumbline/spec/json_reader.hpp"
#include "plumbline/spec/presets.hpp"

namespace plumbline {
namespace {

constexpr Dtype f64 = Dtype::f64, f32 = Dtype::f32, bf16 = Dtype::bf16, f16 = Dtype::f16;

const Profile known_profiles[] = {
    {"float64", f64, f64, f64, f64, f64, CastOrder::every_operation, f64, f64, Operand::f64},
    {"float32", f32, f32, f32, f32, f32, CastOrder::every_operation, f32, f32, Operand::f32},
    {"tf32", f32, f32, f32, f32, f32, CastOrder::every_operation, f32, f32, Operand::tf32},
    {"autocast-bfloat16", f32, f32, f32, f32, f32, CastOrder::every_operation, f32, bf16, Operand::bf16},
    {"autocast-float16", f32, f32, f32, f32, f32, CastOrder::every_operation, f32, f16, Operand::f16},
    {"bfloat16-mixed", bf16, f32, f32, f32, f32, CastOrder::stores, f32, bf16, Operand::bf16},
    {"bfloat16-token-sums", bf16, f32, f32, f32, f32, CastOrder::stores, bf16, bf16, Operand::bf16},
    {"bfloat16", bf16, f32, bf16, bf16, bf16, CastOrder::every_operation, bf16, bf16, Operand::bf16},
    {"float16-mixed", f16, f32, f32, f32, f32, CastOrder::stores, f32, f16, Operand::f16},
    {"float16-token-sums", f16, f32, f32, f32, f32, CastOrder::stores, f16, f16, Operand::f16},
    {"float16", f16, f32, f16, f16, f16, CastOrder::every_operation, f16, f16, Operand::f16},
};

const Profile& preset_of(Dtype storage) {
  switch (storage) {
    case Dtype::f64: return find_profile("float64");
    case Dtype::bf16: return find_profile("bfloat16-mixed");
    case Dtype::f16: return find_profile("float16-mixed");
    default: return find_profile("float32");
  }
}

void require_no_finer(const JsonReader& r, const char* key, int precision, std::string_view found,
                      Dtype storage) {
  if (precision > info(storage).precision)
    throw Error(r.path(key) + ": expected a type no finer than storage = \"" + std::string(name_of(storage)) +
                "\", found \"" + std::string(found) + "\"");
}

void require_no_coarser(const JsonReader& r, const char* key, Dtype value, Dtype storage) {
  if (info(value).precision < info(storage).precision)
    throw Error(r.path(key) + ": expected a type no coarser than storage = \"" +
                std::string(name_of(storage)) + "\", found \"" + std::string(name_of(value)) + "\"");
}

}  // namespace

Arithmetic Profile::arithmetic() const {
  const bool everywhere = cast_order == CastOrder::every_operation;
  return {storage,     everywhere ? storage : accumulator,
          accumulator, statistics,
          softmax,     table,
          token_sums,  branches,
          products};
}

std::span<const Profile> profiles() { return known_profiles; }

const Profile& find_profile(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Profile& p : known_profiles) {
    if (p.name == name) return p;
    known.push_back(p.name);
  }
  throw Error("profile: unknown profile " + shown(std::string(name)) + "; " + suggestion(name, known));
}

const Profile* coarser_than(const Profile& profile) {
  if (profile.name == "float64") return &find_profile("float32");
  if (profile.name == "float32" || profile.name == "tf32" || profile.name == "autocast-bfloat16")
    return &find_profile("bfloat16-mixed");
  if (profile.name == "autocast-float16") return &find_profile("float16-mixed");
  const bool is16 = profile.storage == bf16 || profile.storage == f16;
  if (!is16 || profile.cast_order == CastOrder::every_operation) return nullptr;
  const std::string type(name_of(profile.storage));
  return &find_profile(profile.token_sums == f32 ? type + "-token-sums" : type);
}

Profile profile_from_json(const Json& json) {
  if (json.is_string()) return find_profile(json.get<std::string>());
  JsonReader r(json, "profile");
  Dtype storage = f32;
  r.read("storage", storage);
  Profile p = preset_of(storage);
  p.name = "custom";
  r.read("name", p.name);
  r.read("accumulator", p.accumulator);
  r.read("statistics", p.statistics);
  r.read("softmax", p.softmax);
  r.read("table", p.table);
  r.read("cast_order", p.cast_order);
  r.read("token_sums", p.token_sums);
  r.read("branches", p.branches);
  r.read("products", p.products);
  r.finish();
  require_no_coarser(r, "statistics", p.statistics, p.storage);
  require_no_coarser(r, "softmax", p.softmax, p.storage);
  require_no_finer(r, "branches", info(p.branches).precision, name_of(p.branches), p.storage);
  require_no_finer(r, "products", precision_of(p.products), name_of(p.products), p.storage);
  for (const Profile& known : known_profiles)
    if (p.name == known.name && !(p == known))
      throw Error(r.path("name") + ": expected a name of its own: \"" + p.name +
                  "\" is a known profile with other types");
  return p;
}

Json to_json(const Profile& p) {
  return {{"name", p.name},
          {"storage", name_of(p.storage)},
          {"accumulator", name_of(p.accumulator)},
          {"statistics", name_of(p.statistics)},
          {"softmax", name_of(p.softmax)},
          {"table", name_of(p.table)},
          {"cast_order", name_of(p.cast_order)},
          {"token_sums", name_of(p.token_sums)},
          {"branches", name_of(p.branches)},
          {"products", name_of(p.products)}};
}

Profile profile_from_text(const std::string& text) {
  return text.starts_with("{") ? profile_from_json(parse_json(text, "profile")) : find_profile(text);
}

}  // namespace plumbline
