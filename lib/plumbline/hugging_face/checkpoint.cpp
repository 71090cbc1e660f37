#include "plumbline/hugging_face/checkpoint.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "plumbline/base/excerpt.hpp"
#include "plumbline/base/strict_json.hpp"
#include "plumbline/block/parameter_shapes.hpp"
#include "plumbline/hugging_face/reading.hpp"
#include "plumbline/io/file.hpp"

namespace plumbline {
namespace {

using SortedJson = nlohmann::json;

// Tensors that files have beside the parameters: masks and tables.
constexpr std::string_view buffers[] = {"attn.bias",
                                        "attn.masked_bias",
                                        "attention.bias",
                                        "attention.masked_bias",
                                        "attention.rotary_emb.inv_freq",
                                        "self_attention.rotary_emb.inv_freq",
                                        "self_attn.rotary_emb.inv_freq"};

// As a stack of one layer, with the final norm of the model.
BlockSpec layer_said(const SortedJson& config, int l, const std::string& file) {
  Config c(config, file);
  const Model& model = find_model(c.text({"model_type"}), file);
  layers_said(c);
  if (const auto* method = c.find({"quantization_config"}))
    c.refuse("quantization_config", "numbers that are not quantized", *method);
  BlockSpec s = model.layer(c, l);
  c.finish("model type " + shown(std::string(model.type)));
  try {
    validate(s);
  } catch (const Error& e) {
    throw Error(file + ": " + e.what());
  }
  return s;
}

// What stands before all names: the tensors of layer 0 say it.
std::string prefix_found(const Model& model, const TensorFolder& tensors) {
  std::set<std::string> found;
  for (const auto& [name, file] : tensors.files())
    for (const Named& n : model.names) {
      const std::string inner = std::string(model.layers) + ".0." + std::string(n.theirs) + ".";
      const std::size_t at = name.find(inner);
      if (at != name.npos && (at == 0 || name[at - 1] == '.')) found.insert(name.substr(0, at));
    }
  const std::string first = std::string(model.layers) + ".0." + std::string(model.names.front().theirs);
  if (found.empty())
    throw Error(tensors.listed_in() + ": expected tensors such as " + shown(first + ".weight") +
                ", found none");
  if (found.size() > 1)
    throw Error(tensors.listed_in() + ": expected one model with layers, found several: " +
                shown(*found.begin() + first) + " and " + shown(*std::next(found.begin()) + first));
  return *found.begin();
}

// "attn.q_proj.weight" -> "attn.q_proj", "weight".
std::pair<std::string, std::string> module_and_kind(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return {name.substr(0, dot), name.substr(dot + 1)};
}

// weight and bias of a norm were gamma and beta once.
std::string in_files(const TensorFolder& tensors, const std::string& module, const std::string& kind) {
  const std::string old = module + (kind == "weight" ? ".gamma" : ".beta");
  return tensors.files().contains(old) ? old : module + "." + kind;
}

Slice slice_of(const BlockSpec& s, const Model& model, Piece piece, int rows) {
  const AttentionSpec& a = s.attention;
  switch (piece) {
    case Piece::whole: break;
    case Piece::q:
    case Piece::k:
    case Piece::v: return qkv_slice(model.qkv, piece, a.n_heads, a.n_kv_heads, a.head_dim);
    case Piece::gate:
    case Piece::up: return gate_up_slice(piece, s.ffn.d_ff);
  }
  return {1, rows, 0, rows};
}

// The parameter in a tensor that holds others beside it, or is the wrong way round.
Matrix<double> parameter_from(const TensorFolder& tensors, const std::string& name, const ParameterShape& p,
                              const Slice& slice, bool in_out) {
  const std::int64_t rows = slice.all_rows();
  if (p.is_vector()) {
    const Matrix<double> all = as_matrix(tensors.read(name, {rows}));
    Matrix<double> out(1, p.cols);
    for (int i = 0; i < p.cols; ++i) out(0, i) = all(0, slice.row(i));
    return out;
  }
  const Matrix<double> all =
      as_matrix(in_out ? tensors.read(name, {p.cols, rows}) : tensors.read(name, {rows, p.cols}));
  Matrix<double> out(p.rows, p.cols);
  for (int i = 0; i < p.rows; ++i) {
    if (in_out)
      out.row(i) = all.col(slice.row(i)).transpose();
    else
      out.row(i) = all.row(slice.row(i));
  }
  return out;
}

// The row of the table for a module: of several the one that the file has.
const Named& named(const Model& model, const TensorFolder& tensors, const std::string& layer,
                   const std::string& ours) {
  const Named* first = nullptr;
  for (const Named& n : model.names) {
    if (n.ours != ours) continue;
    if (!first) first = &n;
    for (const char* kind : {"weight", "bias"})
      if (tensors.files().contains(in_files(tensors, layer + std::string(n.theirs), kind))) return n;
  }
  if (!first)
    throw Error(tensors.listed_in() + ": model type " + shown(std::string(model.type)) + " has no name for " +
                ours);
  return *first;
}

// A tensor of a layer that the spec knows nothing of would change the layer.
void check_nothing_is_left(const TensorFolder& tensors, const std::string& layer,
                           const std::set<std::string>& used) {
  const auto& files = tensors.files();
  for (auto it = files.lower_bound(layer); it != files.end() && it->first.starts_with(layer); ++it) {
    const std::string inner = it->first.substr(layer.size());
    const bool is_buffer = std::find(std::begin(buffers), std::end(buffers), inner) != std::end(buffers);
    if (!is_buffer && !used.contains(it->first))
      throw Error(it->second + ": tensor " + shown(it->first) +
                  ": expected none of that name, since config.json says nothing of it, found one");
  }
}

}  // namespace

BlockSpec spec_of_config(const SortedJson& config, int l, const std::string& file) {
  BlockSpec s = layer_said(config, l, file);
  s.part = Part::block;
  s.final_norm.reset();
  return s;
}

Checkpoint::Checkpoint(const std::string& folder)
    : folder_(folder),
      config_file_((std::filesystem::path(folder) / "config.json").string()),
      config_(parse_strict<SortedJson>(read_bytes(config_file_), config_file_)),
      model_type_(Config(config_, config_file_).text({"model_type"})),
      model_(&find_model(model_type_, config_file_)) {
  Config c(config_, config_file_);
  layers_ = layers_said(c);
  spec(0);  // throws where no spec says it
}

BlockSpec Checkpoint::spec(int l) const {
  if (l != final_norm) return spec_of_config(config_, l, config_file_);
  const BlockSpec layer = layer_said(config_, 0, config_file_);
  if (!layer.final_norm)
    throw Error(config_file_ + ": expected a model with a final norm, found one without");
  BlockSpec s;
  s.part = Part::norm;
  s.d = layer.d;
  s.norm_slots.attn.in = layer.final_norm;
  return s;
}

const Checkpoint::Tensors& Checkpoint::tensors() const {
  if (!tensors_) {
    TensorFolder files(folder_);
    std::string prefix = prefix_found(*model_, files);
    tensors_ = Tensors{std::move(files), std::move(prefix)};
  }
  return *tensors_;
}

Parameters<double> Checkpoint::parameters(int l) const {
  if (l == final_norm) return parameters_of_final_norm();
  const BlockSpec s = spec(l);
  const auto& [files, prefix] = tensors();
  const std::string layer = prefix + std::string(model_->layers) + "." + std::to_string(l) + ".";
  Parameters<double> out;
  std::set<std::string> used;
  for (const ParameterShape& p : parameter_shapes(s)) {
    const auto [ours, kind] = module_and_kind(p.name.substr(std::string("layers.0.").size()));
    const Named& n = named(*model_, files, layer, ours);
    const std::string name = in_files(files, layer + std::string(n.theirs), kind);
    const Slice slice = slice_of(s, *model_, n.piece, p.is_vector() ? p.cols : p.rows);
    out[p.name] = parameter_from(files, name, p, slice, model_->weights_in_out);
    used.insert(name);
  }
  check_nothing_is_left(files, layer, used);
  return out;
}

Parameters<double> Checkpoint::parameters_of_final_norm() const {
  const auto& [files, prefix] = tensors();
  Parameters<double> out;
  for (const ParameterShape& p : parameter_shapes(spec(final_norm))) {
    const std::string module = prefix + std::string(model_->final_norm);
    const std::string name = in_files(files, module, module_and_kind(p.name).second);
    out[p.name] = parameter_from(files, name, p, {1, p.cols, 0, p.cols}, false);
  }
  return out;
}

}  // namespace plumbline
