"""On a GPU, the attention of a single query in bfloat16 is summed more coarsely than that of two

One query and 1024 keys; the same query twice. XLA computes products of a vector with kernels of its own.
"""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

rng = np.random.default_rng(0)
q, k, v = (rng.standard_normal((2, n, 1, 64)).astype(ml_dtypes.bfloat16) for n in (1, 1024, 1024))
exact = [x.astype(np.float64)[:, :, 0] for x in (q, k, v)]
scores = exact[0] @ exact[1].transpose(0, 2, 1) / 8
weights = np.exp(scores - scores.max(-1, keepdims=True))
truth = weights / weights.sum(-1, keepdims=True) @ exact[2]
attention = jax.jit(jax.nn.dot_product_attention)
for queries in (1, 2):
    found = np.asarray(attention(jnp.repeat(q, queries, 1), k, v)).astype(np.float64)[:, :1, 0]
    ulp = 2.0 ** (np.floor(np.log2(np.abs(truth))) - 7)
    error = np.abs(found - truth) / ulp
    print(f"{queries} query(s): {np.median(error):.2f} units in the last place in the middle, {error.max():.0f} at most")
