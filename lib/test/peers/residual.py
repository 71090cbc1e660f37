"""How a branch joins the stream beyond alpha r + beta b with two numbers: right, and in the ways in which that goes wrong.

    gains              alpha, beta, or both a parameter of every channel
    lerp               n(n(x) + |c a| (n(b) - n(x))), n(x) = x / |x|
    gpas               x - silu(a) sg(x) behind a sublayer
    layer_scalar       a layer's result times a parameter
    norm_depth_scale   N(x) / sqrt(l) before the sublayers of layer l
"""

import math

import torch


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


class Residual:
    def is_asked(self, key, sublayer):
        asked = self.spec.get(key, "none")
        return asked != "none" and asked in (sublayer, "both")

    @property
    def lerps(self):
        return self.spec.get("residual_rule") == "lerp"

    def gained(self, sublayer, prefix, t, is_residual):
        """Residual or branch times its gain."""
        swapped = "residual/gains-swapped" in self.wrong
        key, missing = ("residual_gain", "gain") if is_residual != swapped else ("branch_gain", "branch-gain")
        if not self.is_asked(key, sublayer) or f"residual/{missing}-missing" in self.wrong:
            return t
        return self.a.kernel(torch.mul, t, self.params[prefix + key])

    def lerp(self, prefix, x, b):
        wrong, a = self.wrong, self.a
        scale = 1 if "lerp/scale-missing" in wrong else self.spec.get("lerp_scale", 1)
        sign = (lambda t: t) if "lerp/rate-signed" in wrong else torch.abs
        rate = a.kernel(lambda r: sign(r * scale), self.params[prefix + "lerp_rate"])
        start = a.kernel(unit, x)
        end = b if "lerp/branch-not-normalized" in wrong else a.kernel(unit, b)
        way = a.kernel(torch.sub, end, start)
        y = a.kernel(torch.add, start, a.kernel(torch.mul, way, rate))
        return y if "lerp/result-not-normalized" in wrong else a.kernel(unit, y)

    def gpas(self, sublayer, prefix, x):
        if not self.is_asked("gpas", sublayer) or "gpas/missing" in self.wrong:
            return x
        share = self.a.kernel(torch.nn.functional.silu, self.params[prefix + "gpas"])
        taken = self.a.kernel(torch.mul, x if "gpas/not-stopped" in self.wrong else x.detach(), share)
        return self.a.kernel(torch.sub, x, taken)

    def times_layer_scalar(self, p, x):
        if not self.spec.get("layer_scalar") or "layer-scalar/missing" in self.wrong:
            return x
        return self.a.kernel(torch.mul, x, self.params[p + "layer_scalar"])

    def scaled_by_depth(self, x):
        """`self.number`: that of the layer, from 1."""
        if not self.spec.get("norm_depth_scale") or "norm-depth-scale/missing" in self.wrong:
            return x
        factor = self.number if "norm-depth-scale/not-rooted" in self.wrong else math.sqrt(self.number)
        return self.a.kernel(lambda t: t / factor, x)
