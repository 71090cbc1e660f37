"""Normalisation: layer norm, RMS norm, unit length, tanh and erf, right and in the ways in which they go wrong."""

from deviations import with_derivative_of


class Norm:
    def norm(self, n, name, x):
        weight = self.params.get(name + ".weight") if "norm/gain-missing" not in self.wrong else None
        bias = self.params.get(name + ".bias") if "norm/bias-missing" not in self.wrong else None
        offset = n["gain_offset"]
        if weight is not None and "norm/gain-offset-flipped" in self.wrong:
            offset = 1 - offset
        if n["kind"] in ("dyt", "derf"):
            return self.squashing(n["kind"], name, x, weight, bias, offset)
        if n["kind"] == "l2_norm" and "l2/mean-for-sum" in self.wrong:
            n = {**n, "kind": "rms_norm"}
        if n["kind"] != "l2_norm" and not any(w.startswith("norm/") for w in self.wrong):
            return self.a.norm(x, weight, bias, n["eps"], n["kind"] == "layer_norm", offset)
        args = [t for t in (x, weight, bias) if t is not None]
        tokens = x.shape[1] if name.endswith(("norm_q", "norm_k", "norm_v")) else x.shape[0] * x.shape[1]

        def kernel(x, *rest):
            if "norm/gain-averaged" in self.wrong:
                rest = [with_derivative_of(t, t / tokens) for t in rest]
            rest = list(rest)
            gain = rest.pop(0) + offset if weight is not None else 1
            beta = rest.pop(0) if bias is not None else 0
            if "norm/gain-gradient-of-input" in self.wrong and weight is not None:
                of_input = x.detach() * gain
                return self.standardised(n, x) * gain.detach() + (of_input - of_input.detach()) + beta
            if "norm/gain-before" in self.wrong and weight is not None:
                return self.standardised(n, x * gain) + beta
            return self.standardised(n, x) * gain + beta

        return self.a.kernel(kernel, *args)

    def squashing(self, kind, name, x, weight, bias, offset):
        """gamma tanh(alpha x) + beta, or gamma erf(alpha x + s) + beta"""
        tokens = x.shape[1] if name.endswith(("norm_q", "norm_k", "norm_v")) else x.shape[0] * x.shape[1]

        def kernel(x, alpha, *rest):
            if "norm/gain-averaged" in self.wrong:
                rest = [with_derivative_of(t, t / tokens) for t in rest]
            rest = list(rest)
            gain = rest.pop(0) + offset if weight is not None else 1
            beta = rest.pop(0) if bias is not None else 0

            def squashed(x):
                if kind == "derf":
                    return self.squashed_by_erf(alpha, self.params[name + ".shift"].to(x.dtype), x)
                if "dyt/alpha-outside" in self.wrong:
                    return alpha * x.tanh()
                return x.tanh() if "dyt/alpha-missing" in self.wrong else (alpha * x).tanh()

            if "norm/gain-gradient-of-input" in self.wrong and weight is not None:
                of_input = x.detach() * gain
                return squashed(x) * gain.detach() + (of_input - of_input.detach()) + beta
            if "norm/gain-before" in self.wrong and weight is not None:
                return squashed(x * gain) + beta
            return squashed(x) * gain + beta

        args = [t for t in (x, self.params[name + ".alpha"], weight, bias) if t is not None]
        return self.a.kernel(kernel, *args)

    def squashed_by_erf(self, alpha, shift, x):
        if "derf/tanh-for-erf" in self.wrong:
            return (alpha * x).tanh()
        if "derf/shift-missing" in self.wrong:
            return (alpha * x).erf()
        return (alpha * (x + shift) if "derf/shift-before-alpha" in self.wrong else alpha * x + shift).erf()

    def standardised(self, n, x):
        wrong = self.wrong
        by_length = n["kind"] == "l2_norm"
        layer_norm, d = n["kind"] == "layer_norm", x.shape[-1]
        over_tokens = "norm/over-tokens" in wrong and n["width"] == "hidden"
        dims = (0, 1) if over_tokens else (-1,)
        count = x.shape[0] * x.shape[1] if over_tokens else d
        mean = x.mean(dims, keepdim=True)
        if "norm/mean-detached" in wrong and layer_norm:
            mean = mean.detach()
        centres = layer_norm and "norm/not-centred" not in wrong or n["kind"] == "rms_norm" and "norm/centred" in wrong
        centred = x - mean
        y = centred if centres else x
        square = (y * y).sum(dims, keepdim=True)
        if "norm/variance-only-centred" in wrong:
            y, square = x, (centred * centred).sum(dims, keepdim=True)
        divisor = 1 if by_length or "norm/sum-for-mean" in wrong else count - 1 if "norm/unbiased-variance" in wrong else count
        v, eps = square / divisor, n["eps"]
        if "norm/variance-detached" in wrong:
            v = v.detach()
        if "norm/eps-outside-sqrt" in wrong:
            return y / (v.sqrt() + eps)
        at_least = by_length and n.get("eps_use") == "at_least" and "l2/eps-added" not in wrong
        if "norm/eps-missing" not in wrong:
            clamped = "norm/eps-clamped" in wrong
            if by_length and n.get("eps_use", "added") == "added" and "l2/eps-times-width" in wrong:
                eps = eps * x.shape[-1]
            v = v.clamp(min=eps) if clamped else v.clamp(min=eps * eps) if at_least else v + eps
        if "norm/multiplied-by-std" in wrong:
            return y * v.sqrt()
        return y / v if "norm/divided-by-variance" in wrong else y / v.sqrt()
