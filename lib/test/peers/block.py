"""The residual block in PyTorch, from the spec's JSON: written from the formulas, sharing nothing with the library.

    b = N_out(F(N_in(x)))        y = N_post(alpha r + beta b)        r = x, or N_in(x)

`wrong` holds ids of deviations: the ways in which this implementation is to go wrong.
"""

import math

import torch
import torch.nn.functional as F

MOVES = {  # from where to where a norm goes wrong
    "layout/pre-as-post": ("in", "post"),
    "layout/post-as-pre": ("post", "in"),
    "layout/pre-as-output": ("in", "out"),
    "layout/output-as-pre": ("out", "in"),
}
ACTIVATIONS = {
    "relu": F.relu,
    "gelu_erf": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
}
OTHER_ACTIVATION = {
    "activation/erf-for-tanh": ("gelu_tanh", "gelu_erf"),
    "activation/tanh-for-erf": ("gelu_erf", "gelu_tanh"),
    "activation/quick-for-silu": ("silu", "quick_gelu"),
    "activation/silu-for-quick": ("quick_gelu", "silu"),
}


class Block:
    def __init__(self, spec, params, arithmetic, wrong=()):
        self.spec, self.params, self.a, self.wrong = spec, params, arithmetic, set(wrong)
        self.attn_norms, self.ffn_norms = self.norm_slots()

    def norm_slots(self):
        """Slot -> (what the norm is, under which name it is declared), moved where that is the mistake."""
        slots = {}
        for part in ("attn", "ffn"):
            declared = self.spec["norm_slots"][part]
            slots[part] = {s: (n, f"norm_{s}") for s, n in declared.items() if n}
        for move in self.wrong & MOVES.keys():
            start, end = MOVES[move]
            if self.spec["topology"] == "sequential" and start in slots["attn"] and end not in slots["attn"]:
                for part in slots.values():
                    moved, displaced = part.pop(start, None), part.pop(end, None)
                    part.update({k: v for k, v in ((end, moved), (start, displaced)) if v})
        if "qk-norm/missing" in self.wrong:
            slots["attn"] = {s: n for s, n in slots["attn"].items() if s not in "qk"}
        return slots["attn"], slots["ffn"]

    # ---- the three components

    def norm(self, n, name, x):
        weight = self.params.get(name + ".weight") if "norm/gain-missing" not in self.wrong else None
        bias = self.params.get(name + ".bias") if "norm/bias-missing" not in self.wrong else None
        offset = n["gain_offset"]
        if weight is not None and "norm/gain-offset-flipped" in self.wrong:
            offset = 1 - offset
        if not any(w.startswith("norm/") for w in self.wrong):
            return self.a.norm(x, weight, bias, n["eps"], n["kind"] == "layer_norm", offset)
        args = [t for t in (x, weight, bias) if t is not None]

        def kernel(x, *rest):
            rest = list(rest)
            gain = rest.pop(0) + offset if weight is not None else 1
            beta = rest.pop(0) if bias is not None else 0
            if "norm/gain-before" in self.wrong and weight is not None:
                return self.standardised(n, x * gain) + beta
            return self.standardised(n, x) * gain + beta

        return self.a.kernel(kernel, *args)

    def standardised(self, n, x):
        wrong = self.wrong
        layer_norm, d = n["kind"] == "layer_norm", x.shape[-1]
        over_tokens = "norm/over-tokens" in wrong and n["width"] == "hidden"
        dims = (0, 1) if over_tokens else (-1,)
        count = x.shape[0] * x.shape[1] if over_tokens else d
        mean = x.mean(dims, keepdim=True)
        if "norm/mean-detached" in wrong and layer_norm:
            mean = mean.detach()
        centres = layer_norm and "norm/not-centred" not in wrong or not layer_norm and "norm/centred" in wrong
        centred = x - mean
        y = centred if centres else x
        square = (y * y).sum(dims, keepdim=True)
        if "norm/variance-only-centred" in wrong:
            y, square = x, (centred * centred).sum(dims, keepdim=True)
        divisor = 1 if "norm/sum-for-mean" in wrong else count - 1 if "norm/unbiased-variance" in wrong else count
        v, eps = square / divisor, n["eps"]
        if "norm/variance-detached" in wrong:
            v = v.detach()
        if "norm/eps-outside-sqrt" in wrong:
            return y / (v.sqrt() + eps)
        v = v.clamp(min=eps) if "norm/eps-clamped" in wrong else v if "norm/eps-missing" in wrong else v + eps
        if "norm/multiplied-by-std" in wrong:
            return y * v.sqrt()
        return y / v if "norm/divided-by-variance" in wrong else y / v.sqrt()

    def linear(self, name, x, biased=True):
        bias = self.params.get(name + ".bias") if biased else None
        return self.a.linear(x, self.params[name + ".weight"], bias)

    def attention(self, prefix, x):
        s, wrong = self.spec["attention"], self.wrong
        q, k, v = (self.linear(f"{prefix}{n}_proj", x, f"bias/{n}-missing" not in wrong) for n in "qkv")
        heads = lambda t, count: t.unflatten(-1, (count, s["head_dim"]))  # noqa: E731
        q = self.positioned(prefix, "q", heads(q, s["n_heads"]))
        k = self.positioned(prefix, "k", heads(k, s["n_kv_heads"]))
        v = heads(v, s["n_kv_heads"])
        if "rope/values" in wrong and self.spec["position"]["rope"]:
            v = self.rotated(v, keys=True)
        y = self.sdpa(q, k, v).flatten(-2)
        if "mid" in self.attn_norms:
            n, name = self.attn_norms["mid"]
            y = self.norm(n, prefix + name, y)
        return self.linear(prefix + "o_proj", y, "bias/o-missing" not in wrong)

    def positioned(self, prefix, which, x):
        """Norm and rotary embedding of queries or keys [B, T, heads, h], in the order the norm asks for."""
        n, name = self.attn_norms.get(which, (None, ""))

        def normed(x, position):
            if not n or n["position"] != position:
                return x
            if n["width"] == "full_heads":
                return self.norm(n, prefix + name, x.flatten(-2)).unflatten(-1, x.shape[-2:])
            return self.norm(n, prefix + name, x)

        x = normed(x, "before_rope")
        if self.spec["position"]["rope"] and "rope/missing" not in self.wrong:
            x = self.rotated(x, keys=which == "k")
        return normed(x, "after_rope")

    def rotated(self, x, keys):
        rope, wrong = self.spec["position"]["rope"], self.wrong
        r, base, style = rope["rotary_dim"], rope["base"], rope["style"]
        if "rope/base" in wrong:
            base = 500000 if base == 10000 else 10000
        if "rope/style" in wrong:
            style = "interleaved" if style == "half" else "half"
        position = torch.arange(x.shape[1], dtype=torch.float64)
        if keys and "rope/key-offset" in wrong:
            position = position + 1
        if keys and "rope/backwards" in wrong:
            position = -position
        width = x.shape[-1] if "rope/exponent-of-head-dim" in wrong else r
        angle = position[:, None] * base ** (-torch.arange(0, r, 2, dtype=torch.float64) / width)
        table = self.a.compute if self.a.compute != torch.float64 else torch.float64
        cos, sin = angle.cos().to(table)[None, :, None], angle.sin().to(table)[None, :, None]

        def kernel(x):
            turning, rest = x[..., :r], x[..., r:]
            a, b = (turning[..., 0::2], turning[..., 1::2]) if style == "interleaved" else turning.chunk(2, -1)
            c, d = a * cos - b * sin, a * sin + b * cos
            turned = torch.stack((c, d), -1).flatten(-2) if style == "interleaved" else torch.cat((c, d), -1)
            return torch.cat((turned, rest), -1)

        return self.a.kernel(kernel, x)

    def mask(self, queries, keys):
        """Which key each query sees."""
        s, wrong = self.spec["attention"], self.wrong
        kind, window = s["mask"], s["window"]
        if kind == "bidirectional" or "mask/missing" in wrong:
            return torch.ones(queries, keys, dtype=torch.bool)
        top_left = s.get("causal_alignment", "bottom_right") == "top_left"
        if "mask/aligned-to-first-key" in wrong:
            top_left = True
        if "mask/aligned-to-last-key" in wrong:
            top_left = False
        i = torch.arange(queries)[:, None] + (0 if top_left else keys - queries)
        j = torch.arange(keys)[None, :]
        ahead = 1 if "mask/sees-next" in wrong else -1 if "mask/hides-self" in wrong else 0
        seen = j <= torch.clamp(i + ahead, min=0)
        if window is not None:
            if "mask/window-too-long" in wrong:
                window += 1
            if "mask/window-too-short" in wrong and window > 1:
                window -= 1
            seen &= j > i - window
        return seen

    def scale(self):
        s, wrong = self.spec["attention"], self.wrong
        if "scale/missing" in wrong or s["scale"]["rule"] == "one":
            root = 1.0
        else:
            root = math.sqrt(s["scale"]["value"] or s["head_dim"])
        if "scale/by-heads" in wrong:
            root = math.sqrt(s["n_heads"])
        if "scale/by-width" in wrong:
            root = math.sqrt(self.spec["d"])
        if "scale/twice" in wrong:
            root = s["head_dim"]
        return s["scale"]["mult"] / root

    def sdpa(self, q, k, v):
        """q [B, Tq, H, h], k, v [B, Tk, K, h] -> [B, Tq, H, h]."""
        s, wrong = self.spec["attention"], self.wrong
        group = torch.arange(s["n_heads"])
        tiled = "heads/tiled" in wrong and s["n_kv_heads"] < s["n_heads"]
        group = group % s["n_kv_heads"] if tiled else group * s["n_kv_heads"] // s["n_heads"]
        q, k, v = q.transpose(1, 2), k[:, :, group].transpose(1, 2), v[:, :, group].transpose(1, 2)
        seen, cap = self.mask(q.shape[-2], k.shape[-2]), s["logit_softcap"]
        if "softcap/missing" in wrong:
            cap = None
        if not wrong and self.a.has_own_attention:
            return self.a.attention(q, k, v, self.scale(), cap, seen).transpose(1, 2)
        scores = self.a.kernel(lambda p: p * self.scale(), self.a.matmul(q, k.transpose(-1, -2)))
        if cap is not None:
            scores = self.a.kernel(lambda t: cap * torch.tanh(t / cap), scores)
        p = self.a.kernel(lambda t: self.weights(t, seen, cap), scores)
        return self.a.matmul(p, v).transpose(1, 2)

    def weights(self, scores, seen, cap):
        wrong, masked = self.wrong, not bool(seen.all())
        if "softmax/over-queries" in wrong:
            return torch.softmax(scores, -2) * seen
        if "softmax/unnormalised" in wrong:
            return torch.exp(scores) * seen
        if "softcap/after-mask" in wrong and cap is not None:
            return torch.softmax(torch.where(seen, scores, -cap), -1)
        if "mask/after-softmax" in wrong and masked:
            return torch.softmax(scores, -1) * seen
        if "mask/zero-score" in wrong and masked:
            return torch.softmax(scores * seen, -1)
        if "mask/finite" in wrong and masked:
            return torch.softmax(torch.where(seen, scores, scores - 1e4), -1)
        return self.a.softmax(scores.masked_fill(~seen, -torch.inf))

    def feed_forward(self, prefix, x):
        s, wrong = self.spec["ffn"], self.wrong
        name = s["activation"]
        for deviation, (declared, found) in OTHER_ACTIVATION.items():
            if deviation in wrong and s["activation"] == declared:
                name = found
        activation = ACTIVATIONS["relu" if "activation/relu" in wrong else name]
        biased = "bias/ffn-in-missing" not in wrong
        h = self.linear(prefix + "up_proj", x, biased)
        if s["kind"] == "glu":
            gate = self.linear(prefix + "gate_proj", x, biased)
            if "ffn/gate-and-up-swapped" in wrong:
                gate, h = h, gate
            h = self.a.kernel(torch.mul, self.a.kernel(activation, gate), h)
        else:
            h = self.a.kernel(activation, h)
        if "mid" in self.ffn_norms:
            n, norm_name = self.ffn_norms["mid"]
            h = self.norm(n, prefix + norm_name, h)
        return self.linear(prefix + "down_proj", h, "bias/ffn-out-missing" not in wrong)

    # ---- how they are put together

    def in_slot(self, norms, slot, prefix, x):
        if slot not in norms:
            return x
        n, name = norms[slot]
        return self.norm(n, prefix + name, x)

    def join(self, which, block_input, r, b):
        alpha, beta = self.spec["residual_scale"], self.spec["branch_scale"]
        wrong = self.wrong
        if "residual/scale-on-branch" in wrong:
            alpha, beta = beta, alpha
        scaled = lambda t, c: t if c == 1 else self.a.kernel(lambda u: u * c, t)  # noqa: E731
        b = scaled(b, beta)
        if f"residual/{which}-dropped" in wrong:
            return b
        if f"residual/{which}-doubled" in wrong:
            alpha *= 2
        if which == "ffn" and "residual/ffn-block-input" in wrong:
            r = block_input
        return self.a.kernel(torch.add, scaled(r, alpha), b)

    @property
    def residual_is_normed(self):
        wrong = "residual/normed" in self.wrong and "in" in self.attn_norms
        return wrong or self.spec["residual_source"] == "normed"

    def attention_sublayer(self, p, x):
        prefix, norms = p + "attn.", self.attn_norms
        u = self.in_slot(norms, "in", prefix, x)
        b = self.in_slot(norms, "out", prefix, self.attention(prefix, u))
        return self.in_slot(norms, "post", prefix, self.join("attn", x, u if self.residual_is_normed else x, b))

    def ffn_sublayer(self, p, block_input, x):
        prefix, norms = p + "ffn.", self.ffn_norms
        norm_prefix = p + "attn." if "layout/second-norm-is-first" in self.wrong else prefix
        given = block_input if "ffn/reads-block-input" in self.wrong else x
        u = self.in_slot(norms, "in", norm_prefix, given)
        b = self.in_slot(norms, "out", norm_prefix, self.feed_forward(prefix, u))
        r = u if self.residual_is_normed else x
        return self.in_slot(norms, "post", norm_prefix, self.join("ffn", block_input, r, b))

    def parallel(self, p, x):
        shared = self.spec["parallel_shared_norm"]
        u = self.in_slot(self.attn_norms, "in", p if shared else p + "attn.", x)
        w = u if shared else self.in_slot(self.ffn_norms, "in", p + "ffn.", x)
        attn = self.in_slot(self.attn_norms, "out", p + "attn.", self.attention(p + "attn.", u))
        ffn = self.in_slot(self.ffn_norms, "out", p + "ffn.", self.feed_forward(p + "ffn.", w))
        return self.join("attn", x, u if self.residual_is_normed else x, self.a.kernel(torch.add, attn, ffn))

    def layer(self, i, x):
        p = f"layers.{i}."
        if self.spec["topology"] == "parallel":
            return self.parallel(p, x)
        if "layout/ffn-first" in self.wrong:
            return self.attention_sublayer(p, self.ffn_sublayer(p, x, x))
        return self.ffn_sublayer(p, x, self.attention_sublayer(p, x))

    def stack(self, x):
        layers = list(range(self.spec["n_layers"]))
        if "layers/first-reused" in self.wrong:
            layers = [0] * len(layers)
        if "layers/reversed" in self.wrong:
            layers.reverse()
        for i in layers:
            x = self.layer(i, x)
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
            total = self.join("attn", x, self.params["residual"], x)
            return {"y": self.norm_part(total), "sum": total}
        if part == "sdpa":
            return {"y": self.sdpa(x, self.params["k"], self.params["v"])}
        if part == "attention":
            return {"y": self.attention("layers.0.attn.", x)}
        if part == "ffn":
            return {"y": self.feed_forward("layers.0.ffn.", x)}
        return {"y": self.stack(x)}

    def norm_part(self, x):
        return self.norm(self.attn_norms["in"][0], "norm", x) if "in" in self.attn_norms else x
