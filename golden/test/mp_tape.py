"""Tensors of mpmath numbers that remember how they came about: reverse-mode derivatives.

A tensor's value is a numpy array of mpf; numpy gives shapes, broadcasting and sums of products, mpmath every number.
Nothing is rounded but by mpmath, to the digits that it works with at the time.
"""

import itertools

import mpmath
import numpy as np

serial = itertools.count()


def unbroadcast(g, shape):
    """The sum of g over what was repeated to give `shape` g's shape."""
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


class Tensor:
    """`pulls`: pairs of a tensor and the map from this one's cotangent to what it adds to that one's."""

    def __init__(self, value, pulls=(), is_variable=False):
        self.value, self.serial = value, next(serial)
        self.pulls = [(t, pull) for t, pull in pulls if t.varies]
        self.varies = is_variable or bool(self.pulls)

    @property
    def shape(self):
        return self.value.shape

    def __add__(self, other):
        other = tensor(other)
        return Tensor(self.value + other.value, [(t, lambda g, t=t: unbroadcast(g, t.shape)) for t in (self, other)])

    def __mul__(self, other):
        other = tensor(other)
        return Tensor(
            self.value * other.value,
            [
                (self, lambda g: unbroadcast(g * other.value, self.shape)),
                (other, lambda g: unbroadcast(g * self.value, other.shape)),
            ],
        )

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -tensor(other)

    def __truediv__(self, other):
        return self * reciprocal(tensor(other))

    def __matmul__(self, other):
        return Tensor(
            self.value @ other.value,
            [
                (self, lambda g: unbroadcast(g @ other.value.swapaxes(-1, -2), self.shape)),
                (other, lambda g: unbroadcast(self.value.swapaxes(-1, -2) @ g, other.shape)),
            ],
        )

    def swapaxes(self, i, j):
        return Tensor(self.value.swapaxes(i, j), [(self, lambda g: g.swapaxes(i, j))])

    def reshape(self, *shape):
        return Tensor(self.value.reshape(shape), [(self, lambda g: g.reshape(self.shape))])

    def beside(self, other):
        """[self | other]"""
        n = self.shape[-1]
        both = np.concatenate([self.value, other.value], axis=-1)
        return Tensor(both, [(self, lambda g: g[..., :n]), (other, lambda g: g[..., n:])])

    def held(self):
        """The same numbers, which nothing flows back through."""
        return Tensor(self.value)

    def row_sum(self):
        total = self.value.sum(axis=-1, keepdims=True)
        return Tensor(total, [(self, lambda g: g + 0 * self.value)])

    def row_mean(self):
        return self.row_sum() * (mpmath.mpf(1) / self.shape[-1])


def tensor(x):
    """A tensor, or a number as one."""
    return x if isinstance(x, Tensor) else constant(x)


def exact(x):
    """The numbers of x, which may be floats, as mpf; of a single number, an array of one."""
    return np.frompyfunc(mpmath.mpf, 1, 1)(np.atleast_1d(np.asarray(x, dtype=object)))


def constant(x):
    return Tensor(exact(x))


def variable(x):
    """What gradients are taken by."""
    return Tensor(exact(x), is_variable=True)


def elementwise(function, derivative):
    """`derivative` of x and function(x)."""
    f, df = np.frompyfunc(function, 1, 1), np.frompyfunc(derivative, 2, 1)

    def apply(x):
        y = f(x.value)
        return Tensor(y, [(x, lambda g: g * df(x.value, y))])

    return apply


# No derivative cancels: 1 - tanh^2 would, where the score is far above the cap.
exp = elementwise(lambda x: mpmath.exp(x), lambda x, y: y)
tanh = elementwise(lambda x: mpmath.tanh(x), lambda x, y: mpmath.sech(x) ** 2)
reciprocal = elementwise(lambda x: 1 / x, lambda x, y: -y * y)
sqrt = elementwise(lambda x: mpmath.sqrt(x), lambda x, y: 1 / (2 * y))
normal_distribution = elementwise(lambda x: mpmath.ncdf(x), lambda x, y: mpmath.npdf(x))
erf = elementwise(lambda x: mpmath.erf(x), lambda x, y: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x))
softplus = elementwise(lambda x: mpmath.log1p(mpmath.exp(x)), lambda x, y: 1 / (1 + mpmath.exp(-x)))
absolute = elementwise(lambda x: abs(x), lambda x, y: mpmath.sign(x))
positive_part = elementwise(lambda x: max(x, mpmath.mpf(0)), lambda x, y: mpmath.mpf(x > 0))


def gradients(y, cotangent, inputs):
    """The gradient of sum(cotangent * y) by each of the inputs; 0 for one that y does not depend on."""
    grads, waiting = {y: cotangent}, {y}
    while waiting:
        node = max(waiting, key=lambda t: t.serial)  # made last, so all that it went into has been visited
        waiting.remove(node)
        for source, pull in node.pulls:
            grads[source] = grads[source] + pull(grads[node]) if source in grads else pull(grads[node])
            waiting.add(source)
    return [grads.get(t, 0 * t.value) for t in inputs]
