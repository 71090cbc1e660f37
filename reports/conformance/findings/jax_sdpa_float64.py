"""JAX: dot_product_attention takes its softmax in float32, of float64 queries and keys too."""

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
q, k, v = np.random.default_rng(0).standard_normal((3, 1, 16, 4, 8))
scores = np.einsum("bihc,bjhc->bhij", q, k) / np.sqrt(8)
weights = np.exp(scores - scores.max(-1, keepdims=True))
truth = np.einsum("bhij,bjhc->bihc", weights / weights.sum(-1, keepdims=True), v)
found = jax.nn.dot_product_attention(q, k, v)
print(f"jax {jax.__version__}: dot_product_attention of {q.dtype}: answers {found.dtype}")
print(
    f"largest error of y {np.abs(found - truth).max():.1e}, of float64 {np.finfo(np.float64).eps:.1e} would be expected"
)
