"""Several residual streams over mpmath numbers, from the spec's JSON: written from the formulas alone.

    mhc, mhc_lite: read sum_i r_i X_i, then X_k = w_k b + sum_j C_jk X_j, of gates that all streams decide
    resi_dual:     read X_1, then X_1 = N(X_1 + b), X_2 = X_2 + b; in the end X_1 + N(X_2)
    siamese:       read P X_1 + R X_2, then X_1 = P X_1 + beta b, X_2 = X_2 + b; in the end N(P X_1 + R X_2)
"""

import itertools

import numpy as np
from mp_tape import constant, exp, reciprocal, sqrt


def columns(x, first, count):
    pick = np.zeros((x.shape[1], count), int)
    for c in range(count):
        pick[first + c, c] = 1
    return x @ constant(pick)


def logistic(x):
    return reciprocal(exp(-x) + 1)


def shares(x):
    e = exp(x)
    return e / e.row_sum()


def side_by_side(tensors):
    out = tensors[0]
    for t in tensors[1:]:
        out = out.beside(t)
    return out


def total(tensors):
    out = tensors[0]
    for t in tensors[1:]:
        out = out + t
    return out


class Streams:
    """Of a block that has `spec`, `params` and `norm`."""

    @property
    def streams(self):
        return self.spec["streams"]

    def mixed(self, p, xs):
        x = side_by_side(xs)
        x = x / sqrt((x * x).row_mean() + self.streams["norm_eps"])
        return x @ self.params[p + "weight"].swapaxes(0, 1)

    def logits(self, p, m, first, count, scale):
        row = lambda name: self.params[p + name].reshape(1, -1)  # noqa: E731
        s, b = columns(row("scale"), scale, 1), columns(row("bias"), first, count)
        return columns(m, first, count) * s + b

    def reading(self, p, m):
        r = logistic(self.logits(p, m, 0, self.streams["count"], 0))
        return r + self.streams["eps"] if self.streams["rule"] == "mhc" else r

    def mixing(self, p, m):
        """The rows of C, [B T, n] each."""
        s = self.streams
        n = s["count"]
        if s["rule"] == "mhc":
            rows = [shares(self.logits(p, m, 2 * n + j * n, n, 2)) + s["eps"] for j in range(n)]
            for step in range(s["sinkhorn_steps"]):
                if step:
                    rows = [r / (r.row_sum() + s["eps"]) for r in rows]
                below = total(rows) + s["eps"]
                rows = [r / below for r in rows]
            return rows
        orders = list(itertools.permutations(range(n)))
        weights = shares(self.logits(p, m, 2 * n, len(orders), 2))
        of_row = lambda j: np.array([[int(o[j] == k) for k in range(n)] for o in orders])  # noqa: E731
        return [weights @ constant(of_row(j)) for j in range(n)]

    def weighted(self, w, xs):
        return total([x * columns(w, i, 1) for i, x in enumerate(xs)])

    def mixer(self, p, xs):
        """[r | w | C] of the streams, C by rows."""
        n, m = self.streams["count"], self.mixed(p, xs)
        return side_by_side([self.reading(p, m), logistic(self.logits(p, m, n, n, 1)) * 2, *self.mixing(p, m)])

    def over_streams(self, p, norms, branch, xs):
        s, q = self.streams, p + "mixer."
        within = lambda x: self.norm(  # noqa: E731
            norms["out"], p + "norm_out", branch(p, self.norm(norms["in"], p + "norm_in", x))
        )
        if s["rule"] == "resi_dual":
            b = within(xs[0])
            return [self.norm(norms["post"], p + "norm_post", xs[0] + b), xs[1] + b]
        if s["rule"] == "siamese":
            first = self.norm(s["norm"], q + "norm_1", xs[0])
            b = within(first + self.norm(s["norm"], q + "norm_2", xs[1]))
            return [first + b * self.spec["branch_scale"], xs[1] + b]
        n, m = s["count"], self.mixed(q, xs)
        b = within(self.weighted(self.reading(q, m), xs))
        w, rows = logistic(self.logits(q, m, n, n, 1)) * 2, self.mixing(q, m)
        return [b * columns(w, k, 1) + total([x * columns(rows[j], k, 1) for j, x in enumerate(xs)]) for k in range(n)]

    def collapsed(self, xs):
        s = self.streams
        last = lambda x: self.norm(self.spec["final_norm"], "final_norm", x)  # noqa: E731
        if s["rule"] == "resi_dual":
            return xs[0] + last(xs[1])
        if s["rule"] == "siamese":
            return last(self.norm(s["norm"], "streams.norm_1", xs[0]) + self.norm(s["norm"], "streams.norm_2", xs[1]))
        if s["head"] == "weighted":
            return last(self.weighted(self.reading("streams.", self.mixed("streams.", xs)), xs))
        return last(total(xs) / (len(xs) if s["head"] == "mean" else 1))

    def split(self, x):
        d = self.spec["d"]
        return [columns(x, k * d, d) for k in range(self.streams["count"])]

    def stack_of_streams(self, x):
        is_stack = self.spec["part"] == "stack"
        xs = [x] * self.streams["count"] if is_stack else self.split(x)
        for i in range(self.spec["n_layers"]):
            for which, branch in (("attn", self.attention), ("ffn", self.feed_forward)):
                xs = self.over_streams(f"layers.{i}.{which}.", self.spec["norm_slots"][which], branch, xs)
        return self.collapsed(xs) if is_stack else side_by_side(xs)
