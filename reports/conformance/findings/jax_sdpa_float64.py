"""dot_product_attention takes its softmax in float32, of float64 queries and keys too

The answer has float64's type, but not its accuracy.
"""

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
q, k, v = np.random.default_rng(0).standard_normal((3, 1, 16, 4, 8))
scores = np.einsum("bihc,bjhc->bhij", q, k) / np.sqrt(8)
weights = np.exp(scores - scores.max(-1, keepdims=True))
truth = np.einsum("bhij,bjhc->bihc", weights / weights.sum(-1, keepdims=True), v)
found = jax.nn.dot_product_attention(q, k, v)
print(f"answers {found.dtype}, largest error {np.abs(found - truth).max():.1e}")
