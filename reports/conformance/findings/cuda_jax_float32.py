"""On a GPU, products of float32 matrices are computed in TF32 unless a higher precision is asked for

Documented as the default of jax_default_matmul_precision; PyTorch's default is float32.
"""

import jax
import numpy as np

rng = np.random.default_rng(0)
a, b = rng.standard_normal((2, 128, 128)).astype(np.float32)
truth = a.astype(np.float64) @ b.astype(np.float64)
for precision in (None, "highest"):
    found = jax.numpy.matmul(a, b, precision=precision)
    print(f"precision={precision}: largest error {np.abs(found - truth).max():.1e}")
