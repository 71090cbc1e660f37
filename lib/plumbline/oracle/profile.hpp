// What an implementation says about its arithmetic. The profile is a hypothesis: a correct output that is
// coarser than declared is reported as that.
#pragma once

#include <span>
#include <string>

#include "plumbline/algebra/arithmetic.hpp"
#include "plumbline/spec/json.hpp"
#include "plumbline/spec/names.hpp"

namespace plumbline {

// Where results are rounded to the storage type: where a kernel ends, or after every operation.
enum class CastOrder { stores, every_operation };

template <>
inline Names<CastOrder> names<CastOrder>() {
  static constexpr std::pair<CastOrder, std::string_view> table[] = {
      {CastOrder::stores, "stores"}, {CastOrder::every_operation, "every_operation"}};
  return table;
}

// The types that a profile can name.
template <>
inline Names<Dtype> names<Dtype>() {
  static constexpr std::pair<Dtype, std::string_view> table[] = {
      {Dtype::f64, "float64"}, {Dtype::f32, "float32"}, {Dtype::bf16, "bfloat16"}, {Dtype::f16, "float16"}};
  return table;
}

// The types that the operands of a product can be rounded to.
template <>
inline Names<Operand> names<Operand>() {
  static constexpr std::pair<Operand, std::string_view> table[] = {{Operand::f64, "float64"},
                                                                   {Operand::f32, "float32"},
                                                                   {Operand::tf32, "tf32"},
                                                                   {Operand::bf16, "bfloat16"},
                                                                   {Operand::f16, "float16"}};
  return table;
}

// Which type holds what, in the words of Arithmetic; and where results are rounded to the storage type.
struct Profile {
  std::string name;
  Dtype storage = Dtype::f32;
  Dtype accumulator = Dtype::f32;
  Dtype statistics = Dtype::f32;
  Dtype softmax = Dtype::f32;
  Dtype table = Dtype::f32;
  CastOrder cast_order = CastOrder::every_operation;
  Dtype token_sums = Dtype::f32;
  Dtype branches = Dtype::f32;
  Operand products = Operand::f32;
  bool operator==(const Profile&) const = default;

  // The same for the ensemble: a kernel computes in the storage type, or, with `stores`, in
  // the accumulator's.
  Arithmetic arithmetic() const;
};

// Finer ones first. The -token-sums profiles are the mixed ones, save that the gradients of gains and biases
// are summed up in 16 bits. tf32: what products multiply is rounded to TF32, or truncated.
std::span<const Profile> profiles();

// Throws Error, naming the nearest known profile, where there is none of that name.
const Profile& find_profile(std::string_view name);

// The next coarser profile that the same bits could come from; nullptr where there is none. The pointer
// stays valid.
const Profile* coarser_than(const Profile& profile);

// A profile's name, or {"name": "mine", "storage": "bfloat16", "accumulator": "float32", "statistics":
// "float32", "softmax": "float32", "table": "float32", "token_sums": "float32", "cast_order": "stores" |
// "every_operation", "products": "bfloat16", "branches": "bfloat16"}: products round what they multiply to
// that type (float64, float32, tf32, bfloat16, float16); branches are the tensors that attention and
// feed-forward store. What is left out is as in the storage type's preset ("float32", or the mixed one).
// Throws Error naming the key; also where statistics or softmax are coarser than storage, products or
// branches finer, or a known name stands with other types.
Profile profile_from_json(const Json& json);
Json to_json(const Profile& profile);

// A name, or such an object as text. Throws Error as the two above do, and where the text is no JSON.
Profile profile_from_text(const std::string& text);

}  // namespace plumbline
