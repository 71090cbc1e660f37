"""The residual block in PyTorch, from the spec's JSON: written from the formulas, sharing nothing with the library.

    b = N_out(F(N_in(x)))        y = N_post(alpha r + beta b)        r = x, or N_in(x)

`wrong` holds ids of deviations: the ways in which this implementation is to go wrong.
"""

import torch

from attention import Attention
from feed_forward import FeedForward
from norm import Norm
from parts import Parts
from residual import Residual
from state import State
from streams import Streams

MOVES = {  # from where to where a norm goes wrong
    "layout/pre-as-post": ("in", "post"),
    "layout/post-as-pre": ("post", "in"),
    "layout/pre-as-output": ("in", "out"),
    "layout/output-as-pre": ("out", "in"),
}


class Block(Norm, Attention, FeedForward, Streams, State, Residual, Parts):
    def __init__(self, spec, params, arithmetic, wrong=()):
        self.spec, self.params, self.a, self.wrong = spec, params, arithmetic, set(wrong)
        unlike = spec.get("layers") or []
        self.kinds = [Block({**spec, **layer, "layers": []}, params, arithmetic, wrong) for layer in unlike]
        self.attn_norms, self.ffn_norms = ({}, {}) if unlike else self.norm_slots()
        self.number = 1

    def norm_slots(self):
        """Slot -> (what the norm is, under which name it is declared), moved where that is the mistake."""
        slots = {}
        for part in ("attn", "ffn"):
            declared = self.spec["norm_slots"][part]
            slots[part] = {s: (n, f"norm_{s}") for s, n in declared.items() if n}
        for move in self.wrong & MOVES.keys():
            start, end = MOVES[move]
            moves = self.spec["topology"] == "sequential" and not self.spec.get("streams")
            if moves and start in slots["attn"] and end not in slots["attn"]:
                for part in slots.values():
                    moved, displaced = part.pop(start, None), part.pop(end, None)
                    part.update({k: v for k, v in ((end, moved), (start, displaced)) if v})
        if "qk-norm/missing" in self.wrong:
            slots["attn"] = {s: n for s, n in slots["attn"].items() if s not in "qk"}
        return slots["attn"], slots["ffn"]

    def in_slot(self, norms, slot, prefix, x):
        if slot not in norms:
            return x
        n, name = norms[slot]
        return self.norm(n, prefix + name, x)

    def join(self, which, prefix, block_input, r, b, one=None):
        """`one`: the sublayer whose gains they are, "both" of a parallel block."""
        if self.lerps and "lerp/added" not in self.wrong:
            return self.lerp(prefix, r, b)
        alpha, beta = self.spec["residual_scale"], self.spec["branch_scale"]
        wrong = self.wrong
        if "residual/scale-on-branch" in wrong:
            alpha, beta = beta, alpha
        scaled = lambda t, c: t if c == 1 else self.a.kernel(lambda u: u * c, t)  # noqa: E731
        b = self.gained(one or which, prefix, scaled(b, beta), False)
        if f"residual/{which}-dropped" in wrong:
            return b
        if f"residual/{which}-doubled" in wrong:
            alpha *= 2
        if which == "ffn" and "residual/ffn-block-input" in wrong:
            r = block_input
        r = self.gained(one or which, prefix, scaled(r, alpha), True)
        return self.a.kernel(torch.add, r.detach() if f"residual/{which}-detached" in wrong else r, b)

    @property
    def residual_is_normed(self):
        wrong = "residual/normed" in self.wrong and "in" in self.attn_norms and not self.lerps
        return wrong or self.spec["residual_source"] == "normed"

    def attention_sublayer(self, p, x):
        prefix, norms = p + "attn.", self.attn_norms
        u = self.before(norms, prefix, x)
        b = self.in_slot(norms, "out", prefix, self.attention(prefix, u))
        y = self.join("attn", prefix, x, u if self.residual_is_normed else x, b)
        return self.gpas("attn", prefix, self.in_slot(norms, "post", prefix, y))

    def before(self, norms, prefix, x):
        """The norm before a sublayer."""
        return self.scaled_by_depth(self.in_slot(norms, "in", prefix, x)) if "in" in norms else x

    def ffn_sublayer(self, p, block_input, x):
        prefix, norms = p + "ffn.", self.ffn_norms
        norm_prefix = p + "attn." if "layout/second-norm-is-first" in self.wrong else prefix
        given = block_input if "ffn/reads-block-input" in self.wrong else x
        u = self.before(norms, norm_prefix, given)
        b = self.in_slot(norms, "out", norm_prefix, self.feed_forward(prefix, u))
        r = u if self.residual_is_normed else x
        y = self.in_slot(norms, "post", norm_prefix, self.join("ffn", prefix, block_input, r, b))
        return self.gpas("ffn", prefix, y)

    def parallel(self, p, x):
        shared = self.spec["parallel_shared_norm"]
        u = self.before(self.attn_norms, p if shared else p + "attn.", x)
        w = u if shared else self.before(self.ffn_norms, p + "ffn.", x)
        attn = self.in_slot(self.attn_norms, "out", p + "attn.", self.attention(p + "attn.", u))
        ffn = self.in_slot(self.ffn_norms, "out", p + "ffn.", self.feed_forward(p + "ffn.", w))
        r, branches = u if self.residual_is_normed else x, self.a.kernel(torch.add, attn, ffn)
        return self.gpas("both", p, self.join("attn", p, x, r, branches, "both"))

    def layers_have_like_parameters(self):
        """Otherwise none of them can compute what another one does."""
        shapes = {}
        for name, tensor in self.params.items():
            if name.startswith("layers."):
                _, layer, rest = name.split(".", 2)
                shapes.setdefault(layer, {})[rest] = tuple(tensor.shape)
        return len({tuple(sorted(s.items())) for s in shapes.values()}) == 1

    def kind_of(self, place):
        """The block of the layer at that place of a stack; the stack's own where all are alike."""
        if not self.kinds:
            return self
        if not self.layers_have_like_parameters():
            return self.kinds[place % len(self.kinds)]
        if "layers/all-as-first" in self.wrong:
            place = 0
        return self.kinds[(place + ("layers/kinds-shifted" in self.wrong)) % len(self.kinds)]

    def layer(self, i, x):
        p = f"layers.{i}."
        if self.spec["topology"] == "parallel":
            return self.times_layer_scalar(p, self.parallel(p, x))
        if "layout/ffn-first" in self.wrong:
            return self.times_layer_scalar(p, self.attention_sublayer(p, self.ffn_sublayer(p, x, x)))
        return self.times_layer_scalar(p, self.ffn_sublayer(p, x, self.attention_sublayer(p, x)))

    def stack(self, x):
        layers = list(range(self.spec["n_layers"]))
        alike = not self.kinds or self.layers_have_like_parameters()
        if "layers/first-reused" in self.wrong and alike:
            layers = [0] * len(layers)
        if "layers/reversed" in self.wrong and alike:
            layers.reverse()
        if self.spec.get("streams"):
            return self.stack_of_streams(layers, x)
        for number, i in enumerate(layers, 1):
            kind = self.kind_of(number - 1)
            kind.number = number
            x = kind.layer(i, x)
        return self.final_norm(x)

    def stack_of_streams(self, layers, x):
        is_stack = self.spec["part"] == "stack"
        xs = [x] * self.spec["streams"]["count"] if is_stack else self.split(x)
        for i in layers:
            xs = self.streams_layer(i, xs)
        return self.collapsed(xs, self.final_norm) if is_stack else torch.cat(xs, -1)

    def final_norm(self, x):
        times = 0 if "final-norm/missing" in self.wrong else 2 if "final-norm/twice" in self.wrong else 1
        for _ in range(times if self.spec["final_norm"] else 0):
            x = self.norm(self.spec["final_norm"], "final_norm", x)
        return x

    def __call__(self, x):
        """{name: output} of the part that the spec names."""
        part = self.spec["part"]
        if part == "norm":
            return {"y": self.norm_part(x)}
        if part == "add_norm":
            total = self.join("attn", "", x, self.params["residual"], x, "none")
            return {"y": self.norm_part(total), "sum": total}
        if part == "sdpa":
            return {"y": self.sdpa(x, self.params["k"], self.params["v"])}
        if part == "rope":
            return {"y": self.turned_part(x)}
        if part == "linear_attention":
            return {"y": self.linear_attention(x, self.params["k"], self.params["v"])}
        if part == "attention":
            return {"y": self.attention("layers.0.attn.", x)}
        if part == "ffn":
            return {"y": self.feed_forward("layers.0.ffn.", x)}
        if part == "router":
            return {"y": self.expert_weights("layers.0.ffn.", x)}
        if part == "mixer":
            return {"y": self.mixer("layers.0.attn.mixer.", self.split(x))}
        if part == "softmax":
            return {"y": self.softmax_alone(x)}
        if part == "linear":
            return {"y": self.linear_alone(x)}
        if part == "activation":
            return {"y": self.activation_alone(x)}
        if part == "gated_activation":
            return {"y": self.gated_alone(x)}
        if part == "collapse":
            return {"y": self.collapsed(self.split(x), self.final_norm)}
        return {"y": self.stack(x)}

    def norm_part(self, x):
        return self.norm(self.attn_norms["in"][0], "norm", x) if "in" in self.attn_norms else x
