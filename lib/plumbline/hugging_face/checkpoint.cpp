#include "plumbline/hugging_face/checkpoint.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

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
BlockSpec layer_said(const TextModel& text, int l, const std::string& file) {
  Config c(text.config, file, text.path);
  const Model& model = find_model(c);
  layers_said(c);
  BlockSpec s = model.layer(c, l);
  c.finish("model type " + shown(std::string(model.type)));
  try {
    validate(s);
  } catch (const Error& e) {
    throw Error(file + ": " + e.what());
  }
  return s;
}

// As a block by itself.
BlockSpec block_of_layer(const TextModel& text, int l, const std::string& file) {
  BlockSpec s = layer_said(text, l, file);
  s.part = Part::block;
  s.final_norm.reset();
  return s;
}

// Where "LAYERS.N.THEIRS." begins in a name, whatever the number N; npos where it stands nowhere.
std::size_t find_layer(const std::string& name, std::string_view layers, std::string_view theirs) {
  const std::string before = std::string(layers) + ".", behind = "." + std::string(theirs) + ".";
  for (std::size_t at = name.find(before); at != name.npos; at = name.find(before, at + 1)) {
    const std::size_t number = at + before.size(), end = name.find_first_not_of("0123456789", number);
    if (end != name.npos && end > number && name.compare(end, behind.size(), behind) == 0 &&
        (at == 0 || name[at - 1] == '.'))
      return at;
  }
  return name.npos;
}

// What stands before all names: the tensors of any layer say it.
std::string prefix_found(const Model& model, const TensorFolder& tensors, bool within_another) {
  std::set<std::string> found;
  for (const auto& [name, file] : tensors.files()) {
    if (within_another && !is_of_text_model(name)) continue;
    for (const Named& n : model.names)
      if (const std::size_t at = find_layer(name, model.layers, n.theirs); at != name.npos)
        found.insert(name.substr(0, at));
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
    case Piece::up:
    case Piece::even_gate:
    case Piece::odd_up: return gate_up_slice(piece, rows);
    case Piece::gated_q:
    case Piece::gate_of_q: return gated_q_slice(piece, a.n_heads, a.head_dim);
  }
  return {1, rows, 0, rows};
}

// Where a parameter lies in a folder: in a tensor that may hold others beside it, be the wrong way round, or
// hold those of all experts, of which this is one.
struct Located {
  std::string tensor;
  Slice slice;
  bool in_out = false;
  int stacked = 0,
      index = 0;  // how many lie one behind the other, 0 where it stands alone, and which this is
};

// The tensor as it would be, did it stand alone and hold one expert.
Matrix<double> one_of(const StoredTensor& t, const Located& place, std::int64_t rows, std::int64_t cols) {
  Matrix<double> out(rows, cols);
  for (std::int64_t i = 0; i < rows * cols; ++i) out(i / cols, i % cols) = t[place.index * rows * cols + i];
  return out;
}

Matrix<double> parameter_from(const TensorFolder& tensors, const ParameterShape& p, const Located& place) {
  const std::int64_t rows = place.slice.all_rows();
  std::vector<std::int64_t> shape;
  if (place.stacked) shape.push_back(place.stacked);
  if (p.is_vector()) {
    const bool is_row = !place.stacked && tensors.dimensions(place.tensor) == 2;  // [1, n]
    if (is_row) shape.push_back(1);
    shape.push_back(rows);
    const Matrix<double> all = one_of(tensors.read(place.tensor, shape), place, 1, rows);
    Matrix<double> out(1, p.cols);
    for (int i = 0; i < p.cols; ++i) out(0, i) = all(0, place.slice.row(i));
    return out;
  }
  shape.insert(shape.end(), {place.in_out ? p.cols : rows, place.in_out ? rows : p.cols});
  const Matrix<double> all =
      one_of(tensors.read(place.tensor, shape), place, shape[shape.size() - 2], shape.back());
  Matrix<double> out(p.rows, p.cols);
  for (int i = 0; i < p.rows; ++i) {
    if (place.in_out)
      out.row(i) = all.col(place.slice.row(i)).transpose();
    else
      out.row(i) = all.row(place.slice.row(i));
  }
  return out;
}

// The name of a parameter within a layer, with * for the number of its expert.
struct InLayer {
  std::string module, kind, expert;  // "ffn.experts.*.up_proj", "weight", "3"; "attn", "sink", ""

  explicit InLayer(const std::string& name) {
    std::tie(module, kind) = module_and_kind(name);
    constexpr std::string_view before = "ffn.experts.";
    if (!module.starts_with(before)) return;
    expert = module.substr(before.size(), module.find('.', before.size()) - before.size());
    module.replace(before.size(), expert.size(), "*");
  }
  bool is_named_by(const Named& n) const { return n.ours == module || is_whole(n); }
  // Whether a row names this parameter, and not its module.
  bool is_whole(const Named& n) const { return n.ours == module + "." + kind; }
  bool is_stacked(const Named& n) const { return !expert.empty() && n.theirs.find('*') == n.theirs.npos; }
};

// Where the layers of a model stand in a folder, "model.layers.", and which of them is read.
struct Layer {
  std::string layers;
  int number;

  std::string path() const { return layers + std::to_string(number) + "."; }
  std::string path_of(const Named& n) const { return n.is_of_first_layer ? layers + "0." : path(); }
};

std::string tensor_of(const Named& n, const TensorFolder& tensors, const Layer& layer, const InLayer& name) {
  std::string module = layer.path_of(n) + std::string(n.theirs);
  if (const std::size_t star = module.find('*'); star != module.npos) module.replace(star, 1, name.expert);
  return name.is_whole(n) ? module : in_files(tensors, module, name.kind);
}

// Where the first row for a parameter says that it is; of several the one that the folder has.
Located located(const Model& model, const TensorFolder& tensors, const Layer& layer, const BlockSpec& s,
                const ParameterShape& p, const std::string& in_layer) {
  const InLayer name(in_layer);
  const Named* found = nullptr;
  for (const Named& n : model.names) {
    if (!name.is_named_by(n)) continue;
    const bool is_there = tensors.files().contains(tensor_of(n, tensors, layer, name));
    if (!found || is_there) found = &n;
    if (is_there) break;
  }
  if (!found)
    throw Error(tensors.listed_in() + ": model type " + shown(std::string(model.type)) + " has no name for " +
                in_layer);
  Located place{.tensor = tensor_of(*found, tensors, layer, name),
                .slice = slice_of(s, model, found->piece, p.is_vector() ? p.cols : p.rows),
                .in_out = model.weights_in_out || found->in_out};
  if (name.is_stacked(*found)) place.stacked = s.ffn.moe->experts, place.index = std::stoi(name.expert);
  return place;
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
  return block_of_layer(text_model(config, file), l, file);
}

Checkpoint::Checkpoint(const std::string& folder)
    : folder_(folder),
      config_file_((std::filesystem::path(folder) / "config.json").string()),
      config_(parse_strict<SortedJson>(read_bytes(config_file_), config_file_)),
      text_(text_model(config_, config_file_)) {
  Config c = text_config();
  model_ = &find_model(c);
  layers_ = layers_said(c);
  while (first_said_ + 1 < layers_ && !is_said(first_said_)) ++first_said_;
  if (!is_said(first_said_)) spec(0);  // throws
}

Config Checkpoint::text_config() const { return Config(text_.config, config_file_, text_.path); }

bool Checkpoint::is_said(int l) const {
  try {
    spec(l);
  } catch (const Error&) {
    return false;
  }
  return true;
}

BlockSpec Checkpoint::spec(int l) const {
  if (l != final_norm) return block_of_layer(text_, l, config_file_);
  const BlockSpec layer = layer_said(text_, first_said_, config_file_);
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
    std::string prefix = prefix_found(*model_, files, !text_.path.empty());
    tensors_ = Tensors{std::move(files), std::move(prefix)};
  }
  return *tensors_;
}

Parameters<double> Checkpoint::parameters(int l) const {
  for (Config c : {Config(config_, config_file_), text_config()})
    if (const auto* method = c.find({"quantization_config"}))
      c.refuse("quantization_config", "parameters that are not quantized", *method);
  if (l == final_norm) return parameters_of_final_norm();
  const BlockSpec s = spec(l);
  const auto& [files, prefix] = tensors();
  const Layer layer{prefix + std::string(model_->layers) + ".", l};
  Parameters<double> out;
  std::set<std::string> used;
  for (const ParameterShape& p : parameter_shapes(s)) {
    const Located place =
        located(*model_, files, layer, s, p, p.name.substr(std::string("layers.0.").size()));
    out[p.name] = parameter_from(files, p, place);
    used.insert(place.tensor);
  }
  check_nothing_is_left(files, layer.path(), used);
  return out;
}

Parameters<double> Checkpoint::parameters_of_final_norm() const {
  const auto& [files, prefix] = tensors();
  Parameters<double> out;
  for (const ParameterShape& p : parameter_shapes(spec(final_norm))) {
    const std::string module = prefix + std::string(model_->final_norm);
    const std::string name = in_files(files, module, module_and_kind(p.name).second);
    out[p.name] = parameter_from(files, p, {.tensor = name, .slice = {1, p.cols, 0, p.cols}});
  }
  return out;
}

}  // namespace plumbline
