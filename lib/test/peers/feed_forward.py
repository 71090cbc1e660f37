"""The feed-forward: plain or gated, and every activation."""

import torch
import torch.nn.functional as F
from deviations import with_derivative_of
from moe import Moe

ACTIVATIONS = {
    "relu": F.relu,
    "gelu_erf": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "sigmoid": torch.sigmoid,
    "gelu_bloom": lambda x: x * 0.5 * (1 + torch.tanh(0.79788456 * x * (1 + 0.044715 * x * x))),
    "erf": torch.erf,
    "softplus": lambda x: F.softplus(x, threshold=40),
}
OTHER_ACTIVATION = {
    "activation/erf-for-tanh": ("gelu_tanh", "gelu_erf"),
    "activation/tanh-for-bloom": ("gelu_bloom", "gelu_tanh"),
    "activation/tanh-for-erf": ("gelu_erf", "gelu_tanh"),
    "activation/quick-for-silu": ("silu", "quick_gelu"),
    "activation/silu-for-quick": ("quick_gelu", "silu"),
}
OTHER_DERIVATIVE = {
    "activation/derivative-of-erf": ("gelu_tanh", "gelu_erf"),
    "activation/derivative-of-tanh": ("gelu_erf", "gelu_tanh"),
}


class FeedForward(Moe):
    def linear(self, name, x, biased=True):
        bias = self.params.get(name + ".bias") if biased else None
        return self.a.linear(x, self.params[name + ".weight"], bias)

    def feed_forward(self, prefix, x):
        return self.mixture(prefix, x) if self.spec["ffn"].get("moe") else self.one_feed_forward(prefix, x)

    def one_feed_forward(self, prefix, x):
        wrong, biased = self.wrong, "bias/ffn-in-missing" not in self.wrong
        h = self.linear(prefix + "up_proj", x, biased)
        if self.spec["ffn"]["kind"] == "glu":
            h = self.gated(self.linear(prefix + "gate_proj", x, biased), h)
        else:
            h = self.squared(self.a.kernel(self.activation(), h))
        if "mid" in self.ffn_norms:
            n, norm_name = self.ffn_norms["mid"]
            h = self.norm(n, prefix + norm_name, h)
        return self.linear(prefix + "down_proj", h, "bias/ffn-out-missing" not in wrong)

    def activation(self):
        """f, or the one that is taken for it."""
        name = declared = self.spec["ffn"]["activation"]
        for deviation, (right, found) in OTHER_ACTIVATION.items():
            if deviation in self.wrong and declared == right:
                name = found
        return self.with_derivative(ACTIVATIONS["relu" if "activation/relu" in self.wrong else name])

    def gated(self, gate, up):
        """f(gate) up"""
        if "ffn/gate-and-up-swapped" in self.wrong:
            gate, up = up, gate
        gate, up = self.limited(gate, up)
        open = self.squared(self.a.kernel(self.activation(), gate))
        return self.a.kernel(torch.mul, open.detach() if "ffn/gate-detached" in self.wrong else open, up)

    def squared(self, x):
        """x, or its square where the spec asks for it."""
        asked = self.spec["ffn"].get("squared") and "ffn/not-squared" not in self.wrong
        return self.a.kernel(torch.square, x) if asked else x

    def limited(self, gate, up):
        """Both as a gated feed-forward reads them: within the limit, and up with its offset."""
        s, wrong = self.spec["ffn"], self.wrong
        limit = None if "ffn/limit-missing" in wrong else s.get("limit")
        if limit is not None:
            gate, up = gate.clamp(max=limit), up.clamp(-limit, limit)
        if s.get("up_offset") and "ffn/up-offset-missing" not in wrong:
            up = self.a.kernel(lambda t: t + 1, up)
        return gate, up

    def with_derivative(self, activation):
        """The activation, or one whose derivative is another's."""
        declared = self.spec["ffn"]["activation"]
        other = next((o for d, (a, o) in OTHER_DERIVATIVE.items() if d in self.wrong and a == declared), None)
        if "activation/derivative-of-relu" in self.wrong and declared != "relu":
            other = "relu"
        return activation if other is None else lambda x: with_derivative_of(activation(x), ACTIVATIONS[other](x))
