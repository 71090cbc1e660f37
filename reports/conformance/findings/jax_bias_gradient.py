"""The gradient of a bias that was added to every row is summed over the rows in 16 bits

XLA on the CPU does this where JAX adds up the cotangents of what was broadcast (stablehlo.reduce of bfloat16).
jnp.sum of the same numbers is taken in float32.
"""

import jax
import jax.numpy as jnp
import numpy as np

print("of 1000 gradients, how many are not the sum of the cotangents, rounded once")
print("  rows      type  gradient of the bias  jnp.sum")
rng = np.random.default_rng(0)
for dtype in (jnp.bfloat16, jnp.float16):
    for rows in (2, 3, 16, 256, 4096):
        cotangent = jnp.asarray(rng.standard_normal((rows, 1000)), dtype)
        truth = np.asarray(cotangent, np.float64).sum(0).astype(dtype)
        _, pull_back = jax.vjp(jnp.add, jnp.zeros_like(cotangent), jnp.zeros(1000, dtype))
        found = (pull_back(cotangent)[1], jnp.sum(cotangent, 0))
        gradient, total = ((np.asarray(f) != truth).sum() for f in found)
        print(f"{rows:6} {jnp.dtype(dtype).name:>9} {gradient:21} {total:8}")
