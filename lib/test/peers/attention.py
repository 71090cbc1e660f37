"""Attention: projections, norms and rotary embedding of queries and keys, mask, softmax."""

import math

import torch
from deviations import with_derivative_of
from feed_forward import ACTIVATIONS
from given import Given


def scaled(scaling, frequency, dim, base, tokens, by_steps):
    """Rotary frequencies for longer sequences, as published code computes them; here for one of so many tokens."""
    less, old = frequency / scaling["factor"], scaling.get("original_max_position")
    if scaling["kind"] == "longrope":
        factors = scaling["long_factor" if tokens > old else "short_factor"]
        factors = (factors + factors[-1:] * len(frequency))[: len(frequency)]
        return frequency / torch.tensor(factors, dtype=torch.float64)
    if scaling["kind"] == "dynamic":
        if dim == 2:
            return frequency
        grown = base * (scaling["factor"] * max(tokens, old) / old - (scaling["factor"] - 1)) ** (dim / (dim - 2))
        return frequency * (base / grown) ** (2 * torch.arange(len(frequency), dtype=torch.float64) / dim)
    if scaling["kind"] == "linear":
        return less
    if scaling["kind"] == "llama3":
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        wavelength = 2 * math.pi / frequency
        smooth = (old / wavelength - low) / (high - low)
        middle = frequency if by_steps else (1 - smooth) * less + smooth * frequency
        kept = torch.where(wavelength < old / high, frequency, middle)
        return torch.where(wavelength > old / low, less, kept)
    pair = lambda turns: dim * math.log(old / (turns * 2 * math.pi)) / (2 * math.log(base))  # noqa: E731
    first, last = pair(scaling["beta_fast"]), pair(scaling["beta_slow"])
    if scaling["truncate"]:
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, dim - 1)
    if first == last:
        last += 0.001
    ramp = ((torch.arange(len(frequency), dtype=torch.float64) - first) / (last - first)).clamp(0, 1)
    return less * ramp + frequency * (1 - ramp)


def amplitude(scaling):
    """What cosines and sines are multiplied by."""
    if not scaling or scaling["kind"] not in ("yarn", "longrope"):
        return 1.0
    given, longer = scaling["attention_factor"], math.log(max(scaling["factor"], 1))
    usual = 0.1 * longer + 1 if scaling["kind"] == "yarn" else math.sqrt(1 + longer / math.log(scaling["original_max_position"]))
    return usual if given is None else given


def bucket(count, max_distance, both_sides, distance):
    """The row of T5's table for keys at that distance: found by powers of whole numbers, which know no rounding."""
    first = 0
    if both_sides:
        count //= 2
        first, distance = (count if distance > 0 else 0), -abs(distance)
    near, far = count // 2, max(-distance, 0)
    if far < near:
        return first + far
    reached = [k for k in range(count - near) if max_distance**k * near ** (count - near - k) <= far ** (count - near)]
    return first + near + reached[-1]


class Attention(Given):
    def attention(self, prefix, x):
        s, wrong = self.spec["attention"], self.wrong
        rope = self.spec["position"]["rope"]
        if s.get("latent"):
            q, k, v = self.latent_heads(prefix, x)
        else:
            q, k, v = (self.linear(f"{prefix}{n}_proj", x, f"bias/{n}-missing" not in wrong) for n in "qkv")
            heads = lambda t, count: t.unflatten(-1, (count, s["head_dim"]))  # noqa: E731
            q = self.positioned(prefix, "q", heads(q, s["n_heads"]))
            k = self.positioned(prefix, "k", heads(k, s["n_kv_heads"]))
            v = self.normed_values(prefix, heads(v, s["n_kv_heads"]))
        if "rope/values" in wrong and rope and rope["rotary_dim"] <= v.shape[-1]:
            v = self.rotated(v, keys=True)
        if self.past:
            k, v = self.with_past("past_k", k), self.with_past("past_v", v)
        y = self.sdpa(q, k, v, prefix).flatten(-2)
        if s.get("gate") and "gate/missing" not in wrong:
            f = s["gate"]
            if "gate/silu-for-sigmoid" in wrong and f == "sigmoid":
                f = "silu"
            gate = self.linear(prefix + "gate_proj", x, False)
            y = self.a.kernel(torch.mul, self.a.kernel(ACTIVATIONS[f], gate), y)
        if "mid" in self.attn_norms:
            n, name = self.attn_norms["mid"]
            y = self.norm(n, prefix + name, y)
        return self.linear(prefix + "o_proj", y, "bias/o-missing" not in wrong)

    def latent_heads(self, prefix, x):
        """Queries, keys and values [B, T, H, h] by way of short vectors; the last channels of all keys are the same."""
        s = self.spec["attention"]
        latent, n = s["latent"], s["n_heads"]
        rope_dim, nope = latent["rope_dim"], s["head_dim"] - latent["rope_dim"]

        def normed(name, c):
            if "latent/norm-missing" in self.wrong:
                return c
            return self.a.norm(c, self.params[prefix + name + ".weight"], None, latent["eps"], False, 0)

        if latent["q_rank"]:
            short = normed("norm_q_a", self.linear(prefix + "q_a_proj", x, False))
            q = self.linear(prefix + "q_b_proj", short, False)
        else:
            q = self.linear(prefix + "q_proj", x, False)
        c, shared = self.linear(prefix + "kv_a_proj", x, False).split((latent["kv_rank"], rope_dim), -1)
        both = self.linear(prefix + "kv_b_proj", normed("norm_kv_a", c), False).unflatten(-1, (n, -1))
        q, shared = q.unflatten(-1, (n, -1)), shared.unsqueeze(-2)
        whole = lambda own, shared: torch.cat((own, shared.expand(*own.shape[:-1], -1)), -1)  # noqa: E731
        if "latent/rope-on-nope" in self.wrong:
            k = whole(both[..., :nope], shared)
            return self.turned(q, False), self.turned(k, True), both[..., nope:]
        q = torch.cat((q[..., :nope], self.turned(q[..., nope:], False)), -1)
        return q, whole(both[..., :nope], self.turned(shared, True)), both[..., nope:]

    def turned(self, x, keys):
        """x, or what the rotary embedding makes of it where there is one."""
        if not self.spec["position"]["rope"] or "rope/missing" in self.wrong:
            return x
        turned = self.rotated(x, keys)
        return with_derivative_of(turned, x) if "rope/gradient-not-turned-back" in self.wrong else turned

    def normed_values(self, prefix, v):
        n, name = self.attn_norms.get("v", (None, ""))
        if not n or "v-norm/missing" in self.wrong:
            return v
        if n["width"] == "full_heads":
            return self.norm(n, prefix + name, v.flatten(-2)).unflatten(-1, v.shape[-2:])
        return self.norm(n, prefix + name, v)

    def positioned(self, prefix, which, x):
        """Norm and rotary embedding of queries or keys [B, T, heads, h], in the order the norm asks for."""
        n, name = self.attn_norms.get(which, (None, ""))

        def normed(x, position):
            if not n or n["position"] != position:
                return x
            if n["width"] == "full_heads":
                return self.norm(n, prefix + name, x.flatten(-2)).unflatten(-1, x.shape[-2:])
            return self.norm(n, prefix + name, x)

        return normed(self.turned(normed(x, "before_rope"), keys=which == "k"), "after_rope")

    def rotated(self, x, keys):
        rope, wrong = self.spec["position"]["rope"], self.wrong
        r, base, style = rope["rotary_dim"], rope["base"], rope["style"]
        if "rope/base" in wrong:
            base = 500000 if base == 10000 else 10000
        if "rope/style" in wrong:
            style = "interleaved" if style == "half" else "half"
        position = torch.arange(x.shape[1], dtype=torch.float64)
        if "rope/past-not-counted" not in wrong:
            position = position + self.past
        if keys and "rope/key-offset" in wrong:
            position = position + 1
        if keys and "rope/backwards" in wrong:
            position = -position
        width = self.spec["attention"]["head_dim"] if "rope/exponent-of-head-dim" in wrong else r
        frequency = base ** (-torch.arange(0, r, 2, dtype=torch.float64) / width)
        scaling = None if "rope/scaling-missing" in wrong else rope.get("scaling")
        if scaling:
            tokens, old = x.shape[1], scaling.get("original_max_position", 0)
            if "rope/length-longest" in wrong:
                tokens = scaling["factor"] * old if scaling["kind"] == "dynamic" else old + 1
            if "rope/length-original" in wrong:
                tokens = old
            frequency = scaled(scaling, frequency, width, base, tokens, by_steps="rope/scaling-by-steps" in wrong)
        angle = position[:, None] * frequency * (rope.get("sign", 1) * (-1 if "rope/sign" in wrong else 1))
        missing = {"rope/yarn-factor-missing", "rope/longrope-factor-missing"} & set(wrong)
        factor = 1 if missing else amplitude(scaling)
        table = self.a.compute if self.a.compute != torch.float64 else torch.float64
        cos, sin = ((factor * f(angle)).to(table)[None, :, None] for f in (torch.cos, torch.sin))

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
        if self.past and not self.wrong & {"mask/aligned-to-first-key", "mask/aligned-to-last-key"}:
            return self.past
        if "mask/aligned-to-first-key" in self.wrong:
            top_left = True
        if "mask/aligned-to-last-key" in self.wrong:
            top_left = False
        return 0 if top_left else keys - queries

    def mask_kind(self):
        kind = self.spec["attention"]["mask"]
        if "mask/missing" in self.wrong:
            return "bidirectional"
        if kind == "causal_chunked" and "mask/chunks-missing" in self.wrong:
            return "causal"
        if kind == "causal_chunked" and "mask/window-for-chunks" in self.wrong:
            return "causal_sliding"
        return "causal_sliding" if kind == "sliding" and "mask/one-sided" in self.wrong else kind

    def mask(self, queries, keys):
        """Which key each query sees."""
        s, wrong = self.spec["attention"], self.wrong
        kind, window = self.mask_kind(), s["window"]
        if kind == "bidirectional":
            return torch.ones(queries, keys, dtype=torch.bool)
        first = self.first_positions(queries, keys)
        i = torch.arange(queries)[:, None] + (self.first_position(queries, keys) if first is None else first)
        j = torch.arange(keys)[None, :]
        ahead = 1 if "mask/sees-next" in wrong else -1 if "mask/hides-self" in wrong else 0
        if window is not None:
            if "mask/window-too-long" in wrong:
                window += 1
            if "mask/window-too-short" in wrong and window > 1:
                window -= 1
        if kind == "sliding":
            return (i - j).abs() < window
        if kind == "causal_chunked":
            return (j <= i + max(ahead, 0)) & (j >= torch.div(i, window, rounding_mode="floor") * window)
        if kind == "causal":
            window = None
        seen = j <= torch.maximum(i + ahead, torch.clamp(i, max=0))
        return seen if window is None else seen & (j > i - window)

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
        return (1.0 if "scale/mult-missing" in wrong else s["scale"]["mult"]) / root

    def position_bias(self, queries, keys, prefix):
        """What positions add to the scores of each head [H, Tq, Tk], or None."""
        both = [t for t in (self.alibi(queries, keys), self.looked_up(queries, keys, prefix)) if t is not None]
        return sum(both) if both else None

    def looked_up(self, queries, keys, prefix):
        """T5's table, read at the bucket of each distance."""
        buckets, wrong = self.spec["position"].get("buckets"), self.wrong
        if not buckets or "buckets/missing" in wrong:
            return None
        both_sides = (self.mask_kind() in ("bidirectional", "sliding")) != ("buckets/one-sided" in wrong)
        sign, first = -1 if "buckets/sign" in wrong else 1, self.first_position(queries, keys)
        row = lambda d: bucket(buckets["count"], buckets["max_distance"], both_sides, sign * d)  # noqa: E731
        rows = torch.tensor([[row(j - i - first) for j in range(keys)] for i in range(queries)])
        return self.a.kernel(lambda table: table[rows].permute(2, 0, 1), self.params[prefix + "relative_bias.weight"])

    def alibi(self, queries, keys):
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

    def sdpa(self, q, k, v, prefix=""):
        """q [B, Tq, H, h], k, v [B, Tk, K, h] -> [B, Tq, H, h]."""
        s, wrong = self.spec["attention"], self.wrong
        sink = self.sink(prefix)
        group = torch.arange(s["n_heads"])
        tiled = "heads/tiled" in wrong and s["n_kv_heads"] < s["n_heads"]
        group = group % s["n_kv_heads"] if tiled else group * s["n_kv_heads"] // s["n_heads"]
        if "heads/gradient-of-first" in wrong and s["n_kv_heads"] < s["n_heads"]:
            return self.sdpa_of_first(q, k, v, prefix, sink)
        q, k, v = q.transpose(1, 2), k[:, :, group].transpose(1, 2), v[:, :, group].transpose(1, 2)
        sizes = q.shape[-2], k.shape[-2]
        seen, cap, added = self.sight(*sizes), s["logit_softcap"], self.added()
        if "softcap/missing" in wrong:
            cap = None
        bias = self.position_bias(*sizes, prefix)
        if not wrong and self.a.has_own_attention and sink is None and bias is None and not self.given:
            return self.a.attention(q, k, v, self.scale(), cap, seen).transpose(1, 2)
        products = self.a.matmul(q, k.transpose(-1, -2))
        if "given/mask-before-scale" in wrong and added is not None:
            products, added = products + added, None
        scores = self.a.kernel(lambda p: p * self.scale(), products)
        if "scale/gradient-missing" in wrong:
            scores = with_derivative_of(scores, products)
        if "given/mask-before-softcap" in wrong and cap is not None and added is not None:
            scores, added = scores + added, None
        if cap is not None:
            capped = self.a.kernel(lambda t: cap * torch.tanh(t / cap), scores)
            scores = with_derivative_of(capped, scores) if "softcap/gradient-missing" in wrong else capped
        for addend in (bias, added):
            if addend is not None:
                scores = self.a.kernel(torch.add, scores, addend)
        if sink is None:
            p = self.a.kernel(lambda t: self.weights(t, seen, cap), scores)
        else:
            p = self.a.kernel(lambda t, u: self.weights_beside(t, u, seen, cap), scores, sink)
        if "softmax/gradient-elementwise" in wrong:
            p = with_derivative_of(p, p.detach() * scores)
        return self.a.matmul(p, v).transpose(1, 2)

    def sight(self, queries, keys):
        """Which key each query sees, [Tq, Tk], or where a question says more of its keys, [B or 1, H or 1, Tq, Tk]."""
        seen = self.mask(queries, keys)
        if not self.given:
            return seen
        return (seen[:, None] if seen.dim() == 3 else seen) & self.shown(queries, keys) & self.within(keys)

    def sink(self, prefix):
        """What each head sees beside its keys [H], or None."""
        s, wrong = self.spec["attention"], self.wrong
        if not s.get("sink") or "sink/missing" in wrong or wrong & {"softmax/over-queries", "softmax/unnormalised"}:
            return None
        sink = self.params[prefix + "sink"].reshape(-1)
        if "sink/of-first-head" in wrong:
            sink = sink[:1].expand(len(sink))
        return sink * self.scale() if "sink/scaled" in wrong else sink

    def weights_beside(self, scores, sink, seen, cap):
        """The weights of all keys, where the sink takes a part of their sum."""
        heads, queries = scores.shape[-3:-1]
        column = sink[None, :, None, None].expand(*scores.shape[:-1], 1)
        if "sink/by-row" in self.wrong:
            head_of_row = torch.arange(heads * queries) % heads
            column = sink[head_of_row].reshape(1, heads, queries, 1).expand(*scores.shape[:-1], 1)
        beside = torch.cat((scores, column), -1)
        seen_beside = torch.cat((seen, torch.ones_like(seen[..., :1])), -1)
        return self.weights(beside, seen_beside, cap)[..., :-1]

    def sdpa_of_first(self, q, k, v, prefix, sink=None):
        """Each key-value head hands its gradient on from the first query head that reads it."""
        s = self.spec["attention"]
        heads = [h * s["n_kv_heads"] // s["n_heads"] for h in range(s["n_heads"])]
        first = [h == 0 or heads[h] != heads[h - 1] for h in range(s["n_heads"])]
        widened = lambda t: torch.stack(  # noqa: E731
            [t[:, :, g] if f else t[:, :, g].detach() for g, f in zip(heads, first)], 2
        )
        q, k, v = (t.transpose(1, 2) for t in (q, widened(k), widened(v)))
        seen, cap, added = self.sight(q.shape[-2], k.shape[-2]), s["logit_softcap"], self.added()
        scores = self.a.kernel(lambda p: p * self.scale(), self.a.matmul(q, k.transpose(-1, -2)))
        if cap is not None:
            scores = self.a.kernel(lambda t: cap * torch.tanh(t / cap), scores)
        for addend in (self.position_bias(*seen.shape[-2:], prefix), added):
            if addend is not None:
                scores = self.a.kernel(torch.add, scores, addend)
        if sink is not None:
            p = self.a.kernel(lambda t, u: self.weights_beside(t, u, seen, cap), scores, sink)
        else:
            p = self.a.kernel(lambda t: self.weights(t, seen, cap), scores)
        return self.a.matmul(p, v).transpose(1, 2)

    def weights(self, scores, seen, cap):
        wrong, masked = self.wrong, not bool(seen.all()) and self.mask_kind() != "bidirectional"
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
        if "lengths/padding-counted" in wrong and self.given.get("lengths"):
            keys = scores.shape[-1]
            without = self.mask(scores.shape[-2], keys)
            without = (without[:, None] if without.dim() == 3 else without) & self.shown(scores.shape[-2], keys)
            return self.with_nothing(self.a.softmax((scores * seen).masked_fill(~without, -torch.inf)), without) * seen
        return self.with_nothing(self.a.softmax(scores.masked_fill(~seen, -torch.inf)), seen)

    def with_nothing(self, weights, seen):
        """A query that sees no key has no weights."""
        if not self.given:
            return weights
        return torch.where(seen.any(-1, keepdim=True), weights, torch.zeros_like(weights))
