"""The gradient of a norm's input is a sum of parts that were rounded to 16 bits, and that cancel

x is used as it is, and cast to float32 for its statistics; on the way back the cotangent of each use is rounded to the
type of x before they are added. They cancel where the cotangent of y is nearly a multiple of y, or constant. Casting x
to float32 first, so that it is used once, avoids it.
"""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen

jax.config.update("jax_enable_x64", True)
norm = linen.LayerNorm(use_bias=False, use_scale=False, use_fast_variance=False, epsilon=1e-6)
rng = np.random.default_rng(0)


def gradient(x, cotangent, dtype):
    """Of x, where the norm is given x cast to dtype; compiled."""
    apply = jax.jit(lambda x, g: jax.vjp(lambda x: norm.apply({}, x.astype(dtype)).astype(x.dtype), x)[1](g)[0])
    return np.asarray(apply(x, cotangent), np.float64)


print("relative error of the gradient of x, of a cotangent of 1 + noise")
print("    type   noise  LayerNorm  cast to float32 first")
for dtype in (jnp.bfloat16, jnp.float16):
    for noise in (1, 0.1, 0.01):
        x = jnp.asarray(rng.standard_normal((64, 64)), dtype)
        cotangent = jnp.asarray(1 + noise * rng.standard_normal((64, 64)), dtype)
        truth = gradient(x.astype(jnp.float64), cotangent.astype(jnp.float64), jnp.float64)
        found = (gradient(x, cotangent, to) for to in (dtype, jnp.float32))
        errors = (np.linalg.norm(f - truth) / np.linalg.norm(truth) for f in found)
        print(f"{jnp.dtype(dtype).name:>8} {noise:7}" + "".join(f"{e:11.1e}" for e in errors))
