#include "cli/own_question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/checkpoint_options.hpp"
#include "cli/files.hpp"
#include "plumbline/block/parameter_shapes.hpp"

namespace plumbline::cli {
namespace {

// Of whatever part, each once.
std::vector<std::string> cotangents() {
  std::vector<std::string> out;
  for (const PartRecord& part : part_records) {
    std::vector<TokenTensor> outputs{part.y};
    outputs.insert(outputs.end(), part.beside_y.begin(), part.beside_y.end());
    for (const TokenTensor& t : outputs)
      if (const std::string name = "grad." + std::string(t.name);
          std::find(out.begin(), out.end(), name) == out.end())
        out.push_back(name);
  }
  return out;
}

// The tensors of an answer that stands beside the question, under the names that it had.
Container without_answer(Container& c) {
  constexpr std::string_view prefix = "answer.";
  Container answer;
  std::erase_if(c.tensors, [&](auto& t) {
    if (!t.first.starts_with(prefix)) return false;
    answer.tensors[t.first.substr(prefix.size())] = std::move(t.second);
    return true;
  });
  return answer;
}

BlockSpec spec_said(const BlockOptions& o) {
  if (o.spec_file.empty()) return spec_from_json(with_sizes({{"preset", o.preset}}, o));
  return read_file(o.spec_file, [&](const Json& json) {
    return spec_from_json(without_question_sizes(with_sizes(json, o)));
  });
}

// The profile that numbers of that type are usually declared in.
const char* usual_profile(Dtype storage) {
  switch (storage) {
    case Dtype::f64: return "float64";
    case Dtype::bf16: return "bfloat16-mixed";
    case Dtype::f16: return "float16-mixed";
    default: return "float32";
  }
}

class Reading {
 public:
  Reading(const std::string& path, const Said& said)
      : path_(path), said_(said), c_(read_container(path)), answer_(without_answer(c_)) {}

  OwnQuestion operator()() {
    c_.metadata["case"] = std::filesystem::path(path_).stem().string();
    c_.metadata.try_emplace("plumbline", protocol_version);
    settle_spec();
    settle_profile();
    add_parameters();
    const bool gradients = wants_gradients();
    c_.metadata["want"] = "y";
    Container given;  // the cotangents
    for (const std::string& name : cotangents())
      if (auto t = c_.tensors.extract(name)) given.tensors.insert(std::move(t));
    out_.request = request_from(c_, path_);
    if (gradients)
      with_cotangents(given);
    else if (!given.tensors.empty())
      note(given.tensors.begin()->first + " is not used, since y alone is asked for");
    const Request& r = out_.request;
    if (!answer_.tensors.empty()) out_.answer = answer_from(answer_, r.question, r.profile);
    return std::move(out_);
  }

 private:
  void note(const std::string& what) { out_.notes.push_back(path_ + ": " + what); }

  bool is_said(const std::string& key, const std::string& value) {
    const auto it = c_.metadata.find(key);
    return it != c_.metadata.end() && it->second == value;
  }

  void settle_spec() {
    if (!said_.block.hf.empty()) checkpoint_.emplace(said_.block.hf);
    const bool is_named = checkpoint_ || !said_.block.spec_file.empty() || !said_.block.preset.empty();
    if (!is_named && !c_.metadata.contains("spec"))
      throw Error(path_ + ": __metadata__: expected the key \"spec\", or --spec, found neither");
    if (!is_named) return;
    const std::string spec = to_json(checkpoint_ ? checkpoint_->spec(one_layer(*checkpoint_, said_.block))
                                                 : spec_said(said_.block))
                                 .dump();
    if (c_.metadata.contains("spec") && !is_said("spec", spec))
      note("the spec is that of the command line, not that in the file");
    c_.metadata["spec"] = spec;
  }

  void settle_profile() {
    if (said_.profile) {
      c_.metadata["profile"] = profile_text(profile_from_text(*said_.profile));
    } else if (!c_.metadata.contains("profile")) {
      const char* name = usual_profile(storage());
      c_.metadata["profile"] = name;
      note(fmt::format("no profile is named: {}", name));
    }
  }

  // Those of the checkpoint, where the file has none.
  void add_parameters() {
    if (!checkpoint_) return;
    const int l = one_layer(*checkpoint_, said_.block);
    const Dtype dtype = profile_from_text(c_.metadata.at("profile")).storage;
    Parameters<double> parameters;
    put_parameters(parameters, checkpoint_->parameters(l), dtype);
    std::string own;
    for (const ExchangedTensor& t : question_tensors(checkpoint_->spec(l), {1, 1, 1}, false)) {
      const auto it = parameters.find(t.name);
      if (it == parameters.end()) continue;
      if (c_.tensors.contains(t.name))
        own = t.name;
      else
        c_.tensors[t.name] = stored(it->second, dtype, t.shape);
    }
    if (!own.empty()) note(own + " is that of the file, not that of " + checkpoint_->folder());
  }

  bool wants_gradients() const {
    if (said_.gradients) return *said_.gradients;
    const auto it = c_.metadata.find("want");
    return it == c_.metadata.end() || it->second != "y";
  }

  // Those that the file has, and others drawn from the seed, as numbers of the storage type.
  void with_cotangents(Container& given) {
    Request& r = out_.request;
    Question& q = r.question;
    const CaseInputs drawn = rounded_to(inputs_of({.spec = q.spec,
                                                   .tokens = int(q.inputs.x.rows()) / q.batch,
                                                   .batch = q.batch,
                                                   .seed = said_.seed,
                                                   .key_tokens = key_tokens_of(q)}),
                                        r.profile.storage);
    q.inputs.cotangent = drawn.cotangent;
    q.gradients = true;
    Container c = to_container(r);
    for (const std::string& name : cotangents())
      if (c.tensors.contains(name) && !given.tensors.contains(name))
        note(fmt::format("{} is missing: drawn from seed {}, uniform on [-1, 1)", name, said_.seed));
    for (auto& [name, tensor] : given.tensors) c.tensors[name] = std::move(tensor);
    r = request_from(c, path_);
  }

  // That of x, whatever it is called; another name than "x" says more.
  Dtype storage() const {
    auto x = c_.tensors.find("x");
    for (const PartRecord& part : part_records)
      if (const auto t = c_.tensors.find(std::string(part.x.name));
          part.x.name != "x" && t != c_.tensors.end())
        x = t;
    return x == c_.tensors.end() ? Dtype::f32 : x->second.dtype;
  }

  const std::string& path_;
  const Said& said_;
  Container c_, answer_;
  std::optional<Checkpoint> checkpoint_;
  OwnQuestion out_;
};

}  // namespace

OwnQuestion own_question(const std::string& path, const Said& said) { return Reading(path, said)(); }

std::vector<OwnQuestion> own_questions(const std::vector<std::string>& paths, const Said& said) {
  std::vector<OwnQuestion> out;
  std::set<std::string> names;
  for (const std::string& path : paths) {
    out.push_back(own_question(path, said));
    if (const std::string& id = out.back().request.id; !names.insert(id).second)
      throw Error(path + ": expected a name that no other question has, found " + shown(id) + " again");
  }
  return out;
}

void add_own_questions(CLI::App& verb, std::vector<std::string>& paths,
                       std::initializer_list<const char*> in_place_of) {
  CLI::Option* question = verb.add_option(
      "--question", paths,
      "A question of your own in a safetensors file, or a failure's; may be given several times");
  question->allow_extra_args(false)->option_text("FILE");
  for (const char* other : in_place_of) question->excludes(verb.get_option(other));
}

Said said_by(const CLI::App& verb, const BlockOptions& block, const std::string& profile, bool gradients,
             std::uint64_t seed) {
  Said said{.block = block, .seed = seed};
  if (verb.get_option_no_throw("--profile") && verb.count("--profile") > 0) said.profile = profile;
  if (verb.count("--grads") > 0) said.gradients = gradients;
  return said;
}

}  // namespace plumbline::cli
