"""Attention: projections, norms and rotary embedding of queries and keys, mask, softmax."""

import math

import torch
from deviations import with_derivative_of


class Attention:
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
            turned = self.rotated(x, keys=which == "k")
            x = with_derivative_of(turned, x) if "rope/gradient-not-turned-back" in self.wrong else turned
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

    def first_position(self, queries, keys):
        """The key that query 0 stands at."""
        top_left = self.spec["attention"].get("causal_alignment", "bottom_right") == "top_left"
        if "mask/aligned-to-first-key" in self.wrong:
            top_left = True
        if "mask/aligned-to-last-key" in self.wrong:
            top_left = False
        return 0 if top_left else keys - queries

    def mask(self, queries, keys):
        """Which key each query sees."""
        s, wrong = self.spec["attention"], self.wrong
        kind, window = s["mask"], s["window"]
        if kind == "bidirectional" or "mask/missing" in wrong:
            return torch.ones(queries, keys, dtype=torch.bool)
        i = torch.arange(queries)[:, None] + self.first_position(queries, keys)
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

    def position_bias(self, queries, keys):
        """ALiBi: how much the scores of each head fall off with the distance of the key [H, Tq, Tk]."""
        bias, n = self.spec["position"]["bias"], self.spec["attention"]["n_heads"]
        if not bias or "alibi/missing" in self.wrong:
            return None
        powers = lambda m: [2.0 ** (-bias["max_bias"] * (h + 1) / m) for h in range(m)]  # noqa: E731
        below = 1 << (n.bit_length() - 1)
        slopes = powers(n)
        if below < n and "alibi/slopes-evenly" not in self.wrong:
            slopes = powers(below) + powers(2 * below)[::2][: n - below]
        position = torch.arange(queries)[:, None] + self.first_position(queries, keys)
        distance = (position - torch.arange(keys)).abs().double()
        sign = 1 if "alibi/sign" in self.wrong else -1
        return (sign * torch.tensor(slopes, dtype=torch.float64)[:, None, None] * distance).to(self.a.compute)

    def sdpa(self, q, k, v):
        """q [B, Tq, H, h], k, v [B, Tk, K, h] -> [B, Tq, H, h]."""
        s, wrong = self.spec["attention"], self.wrong
        group = torch.arange(s["n_heads"])
        tiled = "heads/tiled" in wrong and s["n_kv_heads"] < s["n_heads"]
        group = group % s["n_kv_heads"] if tiled else group * s["n_kv_heads"] // s["n_heads"]
        if "heads/gradient-of-first" in wrong and s["n_kv_heads"] < s["n_heads"]:
            return self.sdpa_of_first(q, k, v)
        q, k, v = q.transpose(1, 2), k[:, :, group].transpose(1, 2), v[:, :, group].transpose(1, 2)
        seen, cap = self.mask(q.shape[-2], k.shape[-2]), s["logit_softcap"]
        if "softcap/missing" in wrong:
            cap = None
        if not wrong and self.a.has_own_attention and not self.spec["position"]["bias"]:
            return self.a.attention(q, k, v, self.scale(), cap, seen).transpose(1, 2)
        products = self.a.matmul(q, k.transpose(-1, -2))
        scores = self.a.kernel(lambda p: p * self.scale(), products)
        if "scale/gradient-missing" in wrong:
            scores = with_derivative_of(scores, products)
        if cap is not None:
            capped = self.a.kernel(lambda t: cap * torch.tanh(t / cap), scores)
            scores = with_derivative_of(capped, scores) if "softcap/gradient-missing" in wrong else capped
        bias = self.position_bias(*seen.shape)
        if bias is not None:
            scores = self.a.kernel(lambda t: t + bias, scores)
        p = self.a.kernel(lambda t: self.weights(t, seen, cap), scores)
        if "softmax/gradient-elementwise" in wrong:
            p = with_derivative_of(p, p.detach() * scores)
        return self.a.matmul(p, v).transpose(1, 2)

    def sdpa_of_first(self, q, k, v):
        """Each key-value head hands its gradient on from the first query head that reads it."""
        s = self.spec["attention"]
        heads = [h * s["n_kv_heads"] // s["n_heads"] for h in range(s["n_heads"])]
        first = [h == 0 or heads[h] != heads[h - 1] for h in range(s["n_heads"])]
        widened = lambda t: torch.stack(  # noqa: E731
            [t[:, :, g] if f else t[:, :, g].detach() for g, f in zip(heads, first)], 2
        )
        q, k, v = (t.transpose(1, 2) for t in (q, widened(k), widened(v)))
        seen, cap = self.mask(q.shape[-2], k.shape[-2]), s["logit_softcap"]
        scores = self.a.kernel(lambda p: p * self.scale(), self.a.matmul(q, k.transpose(-1, -2)))
        if cap is not None:
            scores = self.a.kernel(lambda t: cap * torch.tanh(t / cap), scores)
        bias = self.position_bias(*seen.shape)
        if bias is not None:
            scores = self.a.kernel(lambda t: t + bias, scores)
        return self.a.matmul(self.a.kernel(lambda t: self.weights(t, seen, cap), scores), v).transpose(1, 2)

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
