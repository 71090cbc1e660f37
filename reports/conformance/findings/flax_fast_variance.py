"""LayerNorm's default variance is the mean square less the squared mean, which cancels where rows have an offset

It is E[x^2] - E[x]^2; with use_fast_variance=False, E[(x - E[x])^2].
"""

import jax.numpy as jnp
import numpy as np
from flax import linen

rng = np.random.default_rng(0)
print("largest error of y in float32, rows of standard deviation 1 around an offset")
print("  offset   default  use_fast_variance=False")
for offset in (0, 10, 100, 1000, 10000):
    x = (offset + rng.standard_normal((64, 64))).astype(np.float32)
    exact = x.astype(np.float64)
    centred = exact - exact.mean(-1, keepdims=True)
    truth = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6)
    norms = (linen.LayerNorm(use_bias=False, use_scale=False, use_fast_variance=fast) for fast in (True, False))
    fast, slow = (np.abs(np.asarray(n.apply({}, jnp.asarray(x))) - truth).max() for n in norms)
    print(f"{offset:8} {fast:9.1e} {slow:9.1e}")
