// Relations tried on an implementation: where the bits of its answers can decide, they do; where rounding
// enters, the members of the ensemble say how much of it is right.
#pragma once

#include "plumbline/relations/asking.hpp"
#include "plumbline/relations/relation.hpp"

namespace plumbline {

// Compares the answers to what `ask` asks; every function throws what Asking throws.
class LiveRunner : public RelationRunner {
 public:
  // `ask` has to live as long as this does.
  explicit LiveRunner(Asking& ask) : ask_(ask) {}

  // Where answers to the same question differ, so may these, by as much as rounding makes.
  Held unchanged(const Question& q, const Question& other, const AffineMap& keep) override;
  // To the bit.
  Held same_rows(const Question& q, const AffineMap& of_q, const Question& other, const AffineMap& of_other,
                 const std::vector<std::string>& outputs) override;
  Held same_answer(const Question& q, const Question& other, const AffineMap& pulled) override;
  Held image_is(const Question& q, const std::string& output, const AffineMap& map,
                const Matrix<double>& expected) override;
  Held is_input(const Question& q) override;  // to the bit
  Held is_right(const Question& q) override;
  Held is_repeated(const Question& q) override;
  void require_open(std::string_view key, const Json& declared, const Json& other) override;
  void require_representable(const Question& q) override;

 private:
  Asking& ask_;
};

}  // namespace plumbline
