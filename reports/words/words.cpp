#include "reports/words/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace plumbline::reports {
namespace {

constexpr std::pair<const char*, const char*> all[] = {
    {"d, T, L", "the numbers in a token's vector, the tokens in a sequence, the layers in a stack."},
    {"stream",
     "the vectors, one for each token, that run through all layers. What a sublayer computes is added to "
     "them. "
     "A row is the vector of one token."},
    {"branch",
     "what a sublayer, attention (Attn) or the feed-forward network (FFN), computes before it is added to "
     "the "
     "stream. A branch is silent if its output is 0 whatever comes in."},
    {"norm",
     "LayerNorm (LN) subtracts a row's mean and divides by s, the root of its variance + eps. RMSNorm "
     "divides "
     "by the root of the mean square + eps. Both may then multiply by a learned gain; LayerNorm may add a "
     "bias. "
     "The small number eps keeps them from dividing by 0."},
    {"layout",
     "where the norms of a layer stand. Pre-norm has one before each sublayer, post-norm one after each "
     "add."},
    {"J",
     "the Jacobian, a matrix: a small change v of the input changes the output by J v. J_LN, J_Attn and "
     "J_FFN "
     "are those of a norm and of the branches. I is the identity matrix."},
    {"factor on a gradient",
     "how many times longer a gradient is after it has passed back through the layers. 1 means that it "
     "neither "
     "grows nor shrinks."},
    {"direction",
     "a small change of the input can point in d T independent directions. The layers multiply each of them "
     "by "
     "a factor of its own. These factors are the singular values of J."},
    {"kept",
     "a direction is kept if its factor is at least a thousandth of the largest. Rank, on these pages, is "
     "how "
     "many directions are kept."},
    {"toy",
     "the founding text's rule of thumb: each layer multiplies a gradient by 1.05 in pre-norm, and by 0.8 · "
     "1.05 = 0.84 in post-norm."},
    {"seed",
     "the number that random weights and inputs are drawn from. Several seeds are several networks. A range "
     "a … "
     "b goes from the smallest to the largest of them."},
    {"Xavier",
     "weights begin at random, with variance 2/(inputs + outputs); gains begin at 1 and biases at 0 (Glorot "
     "and Bengio 2010)."},
    {"enclosure",
     "an interval that is proved to contain the exact number. Certified digits are those on which its two "
     "ends "
     "agree."},
    {"law",
     "a property that every right implementation has: that a later token changes no earlier row, say."},
    {"mutant",
     "a block that is wrong on purpose. A law kills it where the law fails on it; so the law can notice "
     "something."},
    {"deviation",
     "a wrong choice that has a name: `norm/eps-missing`, say. The catalogue of them stands in "
     "[spec.md](spec.md)."},
    {"profile",
     "the arithmetic that an implementation declares. In `float32` everything is stored and summed in "
     "float32. "
     "In `bfloat16-mixed` and `float16-mixed` tensors are stored in 16 bits and sums are taken in float32."},
    {"question",
     "a block, its weights and an input. The program under test answers with the output y, or with y and all "
     "gradients. A case is one question with its answer."},
    {"rule",
     "the code that judges an answer. A hash such as `cd09023f7850` says which version of it made a "
     "measurement."},
    {"ulp", "the unit in the last place: the distance of two neighbouring numbers of a type."}};

}  // namespace

std::string words(const std::vector<std::string>& which) {
  std::string text;
  for (const std::string& name : which) {
    const auto found = std::ranges::find_if(all, [&](const auto& w) { return name == w.first; });
    if (found == std::end(all)) throw std::logic_error("no explanation of " + name);
    text += fmt::format("- **{}**: {}\n", found->first, found->second);
  }
  return text + "\n";
}

}  // namespace plumbline::reports
