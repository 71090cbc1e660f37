// What an implementation says about its arithmetic. The profile is a hypothesis: a correct output that is
// coarser than declared is reported as that.
#pragma once

#include <span>
#include <string>

#include "plumbline/base/names.hpp"
#include "plumbline/spec/arithmetic.hpp"
#include "plumbline/spec/json.hpp"

namespace plumbline {

// Where results are rounded to the storage type: where a kernel ends, or after every operation.
enum class CastOrder { stores, every_operation };

PLUMBLINE_NAMES(CastOrder, {stores, "stores"}, {every_operation, "every_operation"})

// The types that a profile can name.
PLUMBLINE_NAMES(Dtype, {f64, "float64"}, {f32, "float32"}, {bf16, "bfloat16"}, {f16, "float16"})

// The types that the operands of a product can be rounded to.
PLUMBLINE_NAMES(Operand, {f64, "float64"}, {f32, "float32"}, {tf32, "tf32"}, {bf16, "bfloat16"},
                {f16, "float16"})

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

  // The same for the ensemble: a kernel computes in the storage type or, with `stores`, the accumulator's.
  Arithmetic arithmetic() const;
};

// Of each storage type finer ones first. The -token-sums profiles are the mixed ones, save that the gradients
// of gains and biases are summed up in 16 bits. tf32: products round or truncate
// what they multiply.
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
