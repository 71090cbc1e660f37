"""Single operations that are no block's branch: a softmax, a projection, an activation, a gated one."""

import torch


class Parts:
    """Of a block that has attention's masks and scale, and the feed-forward's activations."""

    def softmax_alone(self, x):
        """softmax(softcap(scale x), mask) of x [B, T, keys]; a sink takes its share."""
        s, wrong = self.spec["attention"], self.wrong
        scores = self.softmax_scores(x[:, None])
        seen, sink = self.sight(*x.shape[-2:]), self.sink("")
        cap = None if "softcap/missing" in wrong else s["logit_softcap"]
        if sink is None:
            p = self.a.kernel(lambda t: self.weights(t, seen, cap), scores)
        else:
            p = self.a.kernel(lambda t, u: self.weights_beside(t, u, seen, cap), scores, sink)
        if "softmax/gradient-elementwise" in wrong:
            p = self.with_derivative_of(p, p.detach() * scores)
        return p.squeeze(1)

    def softmax_scores(self, x):
        wrong, cap = self.wrong, self.spec["attention"]["logit_softcap"]
        scores = self.a.kernel(lambda t: t * self.scale(), x)
        if "scale/gradient-missing" in wrong and self.spec["attention"]["scale"]["rule"] != "one":
            scores = self.with_derivative_of(scores, x)
        if cap is None or "softcap/missing" in wrong:
            return scores
        capped = self.a.kernel(lambda t: cap * torch.tanh(t / cap), scores)
        return self.with_derivative_of(capped, scores) if "softcap/gradient-missing" in wrong else capped

    @staticmethod
    def with_derivative_of(value, other):
        return value.detach() + (other - other.detach())

    def linear_alone(self, x):
        weight, bias = self.params["weight"], self.params.get("bias")
        if "linear/transposed" in self.wrong and weight.shape[0] == weight.shape[1]:
            weight = weight.transpose(0, 1)
        if "linear/bias-missing" in self.wrong:
            bias = None
        if "linear/bias-twice" in self.wrong and bias is not None:
            bias = 2 * bias
        return self.a.linear(x, weight, bias)

    def activation_alone(self, x):
        return self.squared(self.a.kernel(self.activation(), x))

    def gated_alone(self, x):
        packing = self.spec["ffn"].get("packing", "gate_first")
        if "ffn/halves-for-interleaved" in self.wrong and packing == "interleaved":
            packing = "gate_first"
        if "ffn/interleaved-for-halves" in self.wrong:
            packing = "interleaved"
        if packing == "interleaved":
            return self.gated(x[..., ::2], x[..., 1::2])
        first, second = x.chunk(2, -1)
        return self.gated(first, second) if packing == "gate_first" else self.gated(second, first)
