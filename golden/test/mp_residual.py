"""How a branch joins the stream over mpmath numbers, from the spec's JSON: written from the formulas alone.

    alpha r + beta b, either a number or a parameter of every channel; lerp: n(n(r) + |c a| (n(b) - n(r))), n(x) = x / |x|
    gpas: x - silu(a) x behind a sublayer, whose gradient is that of x alone; a layer times a number; N(x) / sqrt(l)
"""

import mpmath
from mp_tape import absolute, exp, reciprocal, sqrt


def direction(x):
    return x / sqrt((x * x).row_sum())


class Residual:
    """Of a block that has `spec` and `params`."""

    def row(self, name):
        return self.params[name].reshape(1, -1)

    def asks(self, key, sublayer):
        asked = self.spec.get(key, "none")
        return asked != "none" and asked in (sublayer, "both")

    def join(self, sublayer, p, x, branch):
        """`sublayer`: whose gains they are; "" of none."""
        if self.spec.get("residual_rule") == "lerp" and sublayer:
            return self.lerp(p, x, branch)
        x, branch = x * self.spec["residual_scale"], branch * self.spec["branch_scale"]
        if sublayer and self.asks("residual_gain", sublayer):
            x = x * self.row(p + "residual_gain")
        if sublayer and self.asks("branch_gain", sublayer):
            branch = branch * self.row(p + "branch_gain")
        return x + branch

    def lerp(self, p, x, branch):
        share = absolute(self.row(p + "lerp_rate") * self.spec.get("lerp_scale", 1))
        start = direction(x)
        return direction(start + (direction(branch) - start) * share)

    def damped(self, sublayer, p, x):
        if not self.asks("gpas", sublayer):
            return x
        a = self.row(p + "gpas")
        return x - x.held() * (a * reciprocal(exp(-a) + 1))

    def times_layer_scalar(self, p, x):
        return x * self.row(p + "layer_scalar") if self.spec.get("layer_scalar") else x

    def by_depth(self, number, x):
        return x * (1 / mpmath.sqrt(number)) if self.spec.get("norm_depth_scale") else x
