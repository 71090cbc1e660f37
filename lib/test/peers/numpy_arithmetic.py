"""Legitimate ways to carry out the sums and stores of a block, in numpy: what numpy_block.py is written over."""

import ml_dtypes
import numpy as np

TYPES = {  # profile: storage, and what kernels compute in
    "float64": (np.float64, np.float64),
    "float32": (np.float32, np.float32),
    "bfloat16-mixed": (ml_dtypes.bfloat16, np.float32),
    "float16-mixed": (np.float16, np.float32),
}


class Eager:
    """Every operation is a kernel of its own, which rounds its result to the storage type; numpy's own sums."""

    stores_inside = True  # also scores and probabilities
    gain_of_stored = False  # a norm's gain is applied to what was stored
    tile = None  # of keys, where attention goes tile by tile

    def __init__(self, profile):
        self.storage, self.compute = TYPES[profile]

    def read(self, x):
        return x.astype(self.compute)

    def store(self, x):
        return x.astype(self.storage).astype(self.compute)

    def inside(self, x):
        return self.store(x) if self.stores_inside else x

    def sum(self, x):
        return x.sum(-1, keepdims=True)

    def matmul(self, a, b):
        return a @ b

    def mean(self, x):
        return self.sum(x) / self.compute(x.shape[-1])

    def moments(self, x, centres):
        mean = self.mean(x) if centres else np.zeros_like(x[..., :1])
        return mean, self.mean((x - mean) * (x - mean))


class Once(Eager):
    """In float64, or wider still, without a rounding in between: only the answer has the declared type."""

    stores_inside = False

    def __init__(self, profile):
        super().__init__(profile)
        self.compute = np.longdouble if self.storage == np.float64 else np.float64

    def store(self, x):
        return x


class Fused(Eager):
    """A norm, an attention, a feed-forward is one kernel each: nothing inside is stored."""

    stores_inside = False


class Cast(Eager):
    """The normalised row is stored, and the gain applied to that."""

    gain_of_stored = True


class Blocked(Fused):
    """Sums of 128 terms each, then the sum of those."""

    size = 128

    def parts(self, n):
        return [slice(i, min(i + self.size, n)) for i in range(0, n, self.size)]

    def sum(self, x):
        return sum(x[..., p].sum(-1, keepdims=True) for p in self.parts(x.shape[-1]))

    def matmul(self, a, b):
        return sum(a[..., p] @ b[..., p, :] for p in self.parts(a.shape[-1]))


class Sequential(Fused):
    """Every sum term by term."""

    def sum(self, x):
        return np.add.accumulate(x, -1)[..., -1:]

    def matmul(self, a, b):
        total = np.zeros((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1]), a.dtype)
        for k in range(a.shape[-1]):
            total += a[..., :, k, None] * b[..., k, None, :]
        return total


class Welford(Fused):
    """A norm's statistics by Welford's recurrence."""

    def moments(self, x, centres):
        mean, m2 = np.zeros_like(x[..., :1]), np.zeros_like(x[..., :1])
        for j in range(x.shape[-1]):
            step = x[..., j, None] - mean
            if centres:
                mean = mean + step / self.compute(j + 1)
            m2 = m2 + step * (x[..., j, None] - mean)
        return mean, m2 / self.compute(x.shape[-1])


class Tiled(Fused):
    """Attention tile by tile of keys, normalised at the end; probabilities computed again on the way back from the
    logarithm of each row's sum. What a product reads is stored first."""

    tile = 64


VARIANTS = {c.__name__.lower(): c for c in (Eager, Once, Fused, Cast, Blocked, Sequential, Welford, Tiled)}
