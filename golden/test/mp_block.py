"""The residual block over mpmath numbers, from the spec's JSON: written from the formulas alone.

    b = N_out(F(N_in(x)))        y = N_post(alpha x + beta b), or as mp_residual.py joins x and b
    parallel: y = alpha x + beta (N_out(Attn(N(x))) + N_out'(FFN(N(x))))

The stream is [B T, d]. Choices that no golden case makes are refused, not guessed.
"""

import mpmath
import numpy as np
from mp_given import Given
from mp_moe import Moe
from mp_positions import Positions
from mp_residual import Residual
from mp_states import States
from mp_streams import Streams
from mp_tape import constant, erf, exp, normal_distribution, positive_part, reciprocal, softplus, sqrt, tanh


def ratio(p, q):
    return mpmath.mpf(p) / q


def logistic(x):
    return reciprocal(exp(-x) + 1)


def gelu_tanh(x):
    """x (1 + tanh u) / 2 with u = sqrt(2/pi) (x + 0.044715 x^3), where (1 + tanh u) / 2 = logistic(2 u)."""
    u = (x + x * x * x * ratio(44715, 10**6)) * mpmath.sqrt(2 / mpmath.pi)
    return x * logistic(u * 2)


def gelu_bloom(x):
    """x (1 + tanh(0.79788456 x (1 + 0.044715 x^2))) / 2"""
    return x * ratio(1, 2) * (tanh(x * ratio(79788456, 10**8) * (x * x * ratio(44715, 10**6) + 1)) + 1)


ACTIVATIONS = {
    "gelu_bloom": gelu_bloom,
    "erf": erf,
    "softplus": softplus,
    "relu": positive_part,
    "gelu_erf": lambda x: x * normal_distribution(x),
    "gelu_tanh": lambda x: gelu_tanh(x),
    "silu": lambda x: x * logistic(x),
    "quick_gelu": lambda x: x * logistic(x * ratio(1702, 1000)),
    "sigmoid": logistic,
}


def at_least(least, x):
    """max(least, x)"""
    return positive_part(x - least) + least


def at_most(most, x):
    """min(most, x)"""
    return -at_least(-most, -x)


def standard_deviation(variance, eps):
    """What a norm divides by."""
    return sqrt(variance + eps)


def length(squares, eps, eps_use):
    """What a vector with that sum of squares is divided by."""
    return sqrt(squares + eps) if eps_use == "added" else at_least(eps, sqrt(squares))


def between(least, most, x):
    return min(max(x, least), most)


def yarn_share(scaling, j, dim, base):
    """How far pair j stands from those that turn beta_fast times in the original length to those that turn beta_slow
    times."""
    old = scaling["original_max_position"]

    def pair(beta):
        return dim * mpmath.log(old / (2 * mpmath.pi * beta)) / (2 * mpmath.log(base))

    first, last = pair(scaling["beta_fast"]), pair(scaling["beta_slow"])
    if scaling["truncate"]:
        first, last = mpmath.floor(first), mpmath.ceil(last)
    first, last = max(first, 0), min(last, dim - 1)
    if first == last:
        last += ratio(1, 1000)
    return between(0, 1, (j - first) / (last - first))


def scaled(scaling, frequency, j, dim, base, tokens):
    """The frequency of pair j for longer sequences, here one of so many tokens: kept, divided by the factor, or something in
    between; divided by a number of its own; or that of a larger base."""
    old = scaling.get("original_max_position")
    if scaling["kind"] == "longrope":
        factors = scaling["long_factor" if tokens > old else "short_factor"]
        return frequency / mpmath.mpf(factors[min(j, len(factors) - 1)])
    if scaling["kind"] == "dynamic":
        factor, power = mpmath.mpf(scaling["factor"]), ratio(dim, dim - 2)
        grown = mpmath.mpf(base) * mpmath.power(factor * ratio(max(tokens, old), old) - (factor - 1), power)
        return mpmath.power(grown, -ratio(2 * j, dim))
    if scaling["kind"] == "linear":
        kept = 0
    elif scaling["kind"] == "llama3":
        low, turns = scaling["low_freq_factor"], scaling["original_max_position"] * frequency / (2 * mpmath.pi)
        kept = between(0, 1, (turns - low) / (mpmath.mpf(scaling["high_freq_factor"]) - low))
    else:
        kept = 1 - yarn_share(scaling, j, dim, base)
    return frequency * (kept + (1 - kept) / mpmath.mpf(scaling["factor"]))


def amplitude(scaling):
    """What cosines and sines are multiplied by."""
    if not scaling or scaling["kind"] not in ("yarn", "longrope"):
        return 1
    given, longer = scaling["attention_factor"], mpmath.log(max(scaling["factor"], 1))
    if given is not None:
        return mpmath.mpf(given)
    return 1 + longer / 10 if scaling["kind"] == "yarn" else mpmath.sqrt(1 + longer / mpmath.log(scaling["original_max_position"]))


def rotation(rope, tokens, head_dim, first=0):
    """m cos and m sin [T, h], and J [h, h], which turns a pair by 90 degrees: rotated x = m (x cos + (x J) sin), where m is
    not 1 for yarn and longrope alone."""
    half, turn = rope["rotary_dim"] // 2, np.zeros((head_dim, head_dim))
    cos, sin = np.ones((tokens, head_dim), object), np.zeros((tokens, head_dim), object)
    for j in range(half):
        a, b = (2 * j, 2 * j + 1) if rope["style"] == "interleaved" else (j, j + half)
        turn[b, a], turn[a, b] = -1, 1
        frequency = mpmath.power(rope["base"], -ratio(j, half))
        scaling = rope.get("scaling")
        if scaling:
            frequency = scaled(scaling, frequency, j, 2 * half, rope["base"], tokens)
        m, sign = amplitude(scaling), rope.get("sign", 1)
        for t in range(tokens):
            angle = (first + t) * frequency
            cos[t, [a, b]], sin[t, [a, b]] = m * mpmath.cos(angle), m * sign * mpmath.sin(angle)
    return constant(cos), constant(sin), constant(turn)


def seen(mask, window, queries, keys, first):
    """1 where query i sees key j, else 0; query 0 stands at key `first`."""
    i, j = np.arange(queries)[:, None] + first, np.arange(keys)
    if mask == "causal_chunked":
        return ((j <= i) & (j // window == i // window)).astype(int)
    far = {"bidirectional": -keys, "causal": -keys - queries, "causal_sliding": -(window or 0), "sliding": -(window or 0)}[mask]
    near = {"bidirectional": keys + queries, "causal": 1, "causal_sliding": 1, "sliding": window}[mask]
    return ((j - i > far) & (j - i < near)).astype(int)


def alibi(max_bias, n_heads, tokens):
    """What is added to scores [heads, T, T]: minus the distance of the key, times the slope of the head."""
    below = 1
    while 2 * below <= n_heads:
        below *= 2

    def slope(head):
        numerator, denominator = (head + 1, below) if head < below else (2 * (head - below) + 1, 2 * below)
        return mpmath.mpf(2) ** (-max_bias * mpmath.mpf(numerator) / denominator)

    return np.array([[[-slope(h) * abs(i - j) for j in range(tokens)] for i in range(tokens)] for h in range(n_heads)])


def rows(x):
    """[B, T, d] -> [B T, d]"""
    return x.reshape(-1, x.shape[-1])


class Block(Streams, Moe, Positions, Given, States, Residual):
    def __init__(self, spec, params, batch):
        """`params`: name -> tensor."""
        self.spec, self.params, self.batch = spec, params, batch

    def linear(self, name, x):
        y = x @ self.params[name + ".weight"].swapaxes(0, 1)
        return y + self.params[name + ".bias"] if name + ".bias" in self.params else y

    def norm(self, n, name, x):
        """gamma (x - mean) / sqrt(mean (x - mean)^2 + eps) + beta; rms_norm leaves the mean alone; l2_norm divides by the
        length; dyt: gamma tanh(alpha x) + beta; derf: gamma erf(alpha x + s) + beta."""
        if not n:
            return x
        if n["kind"] not in ("layer_norm", "rms_norm", "dyt", "l2_norm", "derf"):
            raise NotImplementedError(n)
        if n["kind"] == "layer_norm":
            x = x - x.row_mean()
        if n["kind"] == "dyt":
            y = tanh(x * self.params[name + ".alpha"])
        elif n["kind"] == "derf":
            y = erf(x * self.params[name + ".alpha"] + self.params[name + ".shift"])
        elif n["kind"] == "l2_norm":
            y = x / length((x * x).row_sum(), n["eps"], n.get("eps_use", "added"))
        else:
            y = x / standard_deviation((x * x).row_mean(), n["eps"])
        if n["gain"] == "vector":
            y = y * (self.params[name + ".weight"] + n["gain_offset"])
        return y + self.params[name + ".bias"] if n["bias"] else y

    def heads(self, x, width=None):
        """[B T, heads h] -> [B, heads, T, h]"""
        h = width or self.spec["attention"]["head_dim"]
        return x.reshape(self.batch, x.shape[0] // self.batch, x.shape[1] // h, h).swapaxes(1, 2)

    def positioned(self, n, name, x):
        """Queries or keys as heads, normed and rotated."""
        if n and n["position"] == "after_rope":
            if n["width"] == "full_heads":
                raise NotImplementedError(n)
            return self.norm(n, name, self.rotated(self.heads(x)))
        full = n and n["width"] == "full_heads"
        return self.rotated(self.heads(self.norm(n, name, x)) if full else self.norm(n, name, self.heads(x)))

    def rotated(self, x):
        if not (rope := self.spec["position"]["rope"]):
            return x
        past = (self.spec["attention"].get("given") or {}).get("past", 0)
        cos, sin, turn = rotation(rope, *x.shape[-2:], past)
        return x * cos + (x @ turn) * sin

    def shared(self, x):
        """Key-value heads [B, K, T, h] as query heads read them: head i reads floor(i K / H)."""
        n_heads, n_kv_heads = self.spec["attention"]["n_heads"], x.shape[1]
        reads = np.zeros((n_heads, n_kv_heads), int)
        for i in range(n_heads):
            reads[i, i * n_kv_heads // n_heads] = 1
        flat = x.reshape(self.batch, n_kv_heads, x.shape[2] * x.shape[3])
        return (constant(reads) @ flat).reshape(self.batch, n_heads, *x.shape[2:])

    def attention(self, p, x):
        norms = self.spec["norm_slots"]["attn"]
        if self.spec["attention"].get("latent"):
            heads = self.averaged(*self.latent_heads(p, x), p)
        else:
            q = self.positioned(norms["q"], p + "norm_q", self.linear(p + "q_proj", x))
            k = self.positioned(norms["k"], p + "norm_k", self.linear(p + "k_proj", x))
            v = self.values(norms.get("v"), p + "norm_v", self.linear(p + "v_proj", x))
            k, v = self.with_cache("past_k", k), self.with_cache("past_v", v)
            heads = self.averaged(q, self.shared(k), self.shared(v), p)
        if gate := self.spec["attention"].get("gate"):
            heads = heads * ACTIVATIONS[gate](self.linear(p + "gate_proj", x))
        return self.linear(p + "o_proj", self.norm(norms["mid"], p + "norm_mid", heads))

    def values(self, n, name, x):
        """Values as heads, normed."""
        if n and n["width"] == "head_dim":
            return self.norm(n, name, self.heads(x))
        return self.heads(self.norm(n, name, x))

    def sdpa(self, q):
        k = self.shared(self.heads(rows(self.params["k"])))
        v = self.shared(self.heads(rows(self.params["v"]), self.spec["attention"].get("v_head_dim")))
        return self.averaged(self.heads(q), k, v)

    def scale(self):
        """What products of queries are multiplied by."""
        s = self.spec["attention"]
        rule, value = s["scale"]["rule"], s["scale"]["value"]
        root = {"inv_sqrt_head_dim": s["head_dim"], "inv_sqrt_scalar": value, "one": 1}[rule]
        return s["scale"]["mult"] / mpmath.sqrt(root)

    def averaged(self, q, k, v, p=""):
        """softmax(q k / sqrt h) v of all heads [B, heads, T, h] -> [B T, heads h]; the sink of a head adds to its sum."""
        s, queries, keys = self.spec["attention"], q.shape[2], k.shape[2]
        scores = q @ k.swapaxes(2, 3) * self.scale()
        if cap := s["logit_softcap"]:
            scores = tanh(scores / cap) * cap
        if bias := self.spec["position"]["bias"]:
            scores = scores + constant(alibi(bias["max_bias"], s["n_heads"], scores.shape[2]))
        at_the_end = s.get("causal_alignment", "bottom_right") == "bottom_right"
        if self.spec["position"].get("buckets"):
            scores = scores + self.looked_up(p, queries, keys, keys - queries if at_the_end else 0)
        firsts = [self.first_position(b, queries, keys, at_the_end) for b in range(self.batch)]
        sight = np.stack([seen(s["mask"], s["window"], queries, keys, first) for first in firsts])[:, None]
        sight = sight * self.shown(queries, keys)
        weights = exp(self.added(scores)) * constant(sight)
        total = weights.row_sum() + constant((sight.sum(-1, keepdims=True) == 0).astype(int))
        if s.get("sink"):
            total = total + exp(self.params[p + "sink"].reshape(1, s["n_heads"], 1, 1))
        heads = weights / total @ v
        return heads.swapaxes(1, 2).reshape(self.batch * queries, s["n_heads"] * v.shape[3])

    def feed_forward(self, p, x):
        return self.mixture(p, x) if self.spec["ffn"].get("moe") else self.one_feed_forward(p, x)

    def one_feed_forward(self, p, x):
        s, up = self.spec["ffn"], self.linear(p + "up_proj", x)
        if s["kind"] not in ("mlp", "glu"):
            raise NotImplementedError(s)
        hidden = self.gate_times_up(self.linear(p + "gate_proj", x), up) if s["kind"] == "glu" else self.activated(up)
        return self.linear(p + "down_proj", self.norm(self.spec["norm_slots"]["ffn"]["mid"], p + "norm_mid", hidden))

    def activated(self, x):
        """f(x), or its square."""
        y = ACTIVATIONS[self.spec["ffn"]["activation"]](x)
        return y * y if self.spec["ffn"].get("squared") else y

    def gate_times_up(self, gate, up):
        if limit := self.spec["ffn"].get("limit"):
            gate, up = at_most(limit, gate), at_most(limit, at_least(-limit, up))
        return self.activated(gate) * (up + self.spec["ffn"].get("up_offset", 0))

    def gated(self, x):
        """f(gate) up, where x [B T, 2 d] holds both: one behind the other, or in turns."""
        packing, width = self.spec["ffn"].get("packing", "gate_first"), x.shape[1] // 2
        takes = np.zeros((2, 2 * width, width), int)  # where the columns of gate and up stand
        for j in range(width):
            gate, up = {"gate_first": (j, width + j), "up_first": (width + j, j), "interleaved": (2 * j, 2 * j + 1)}[packing]
            takes[0, gate, j] = takes[1, up, j] = 1
        return self.gate_times_up(x @ constant(takes[0]), x @ constant(takes[1]))

    def softmax(self, x):
        """exp(s) over the sum of those that are seen, and of exp(sink): s = cap tanh(scale x / cap)."""
        s, queries, keys = self.spec["attention"], x.shape[0] // self.batch, x.shape[1]
        root = {"inv_sqrt_head_dim": s["head_dim"], "inv_sqrt_scalar": s["scale"]["value"], "one": 1}[s["scale"]["rule"]]
        scores = x.reshape(self.batch, queries, keys) * (s["scale"]["mult"] / mpmath.sqrt(root))
        if cap := s["logit_softcap"]:
            scores = tanh(scores / cap) * cap
        at_the_end = s.get("causal_alignment", "bottom_right") == "bottom_right"
        weights = exp(scores) * constant(seen(s["mask"], s["window"], queries, keys, keys - queries if at_the_end else 0))
        total = weights.row_sum()
        if s.get("sink"):
            total = total + exp(self.params["sink"].reshape(1, 1, 1))
        return (weights / total).reshape(self.batch * queries, keys)

    def sublayer(self, which, branch, p, number, x):
        n = self.spec["norm_slots"][which]
        u = self.before(n["in"], p + "norm_in", number, x)
        residual = {"stream": x, "normed": u}[self.spec["residual_source"]]
        joined = self.join(which, p, residual, self.norm(n["out"], p + "norm_out", branch(p, u)))
        return self.damped(which, p, self.norm(n["post"], p + "norm_post", joined))

    def before(self, n, name, number, x):
        return self.by_depth(number, self.norm(n, name, x)) if n else x

    def parallel(self, p, number, x):
        if self.spec["residual_source"] != "stream":
            raise NotImplementedError(self.spec)
        slots = self.spec["norm_slots"]
        if self.spec["parallel_shared_norm"]:
            u = v = self.before(slots["attn"]["in"], p + "norm_in", number, x)
        else:
            u = self.before(slots["attn"]["in"], p + "attn.norm_in", number, x)
            v = self.before(slots["ffn"]["in"], p + "ffn.norm_in", number, x)
        attn = self.norm(slots["attn"]["out"], p + "attn.norm_out", self.attention(p + "attn.", u))
        ffn = self.norm(slots["ffn"]["out"], p + "ffn.norm_out", self.feed_forward(p + "ffn.", v))
        return self.damped("both", p, self.join("both", p, x, attn + ffn))

    def layer(self, p, number, x):
        """`number`: 1 of the first layer."""
        if self.spec["topology"] == "parallel":
            return self.times_layer_scalar(p, self.parallel(p, number, x))
        x = self.sublayer("attn", self.attention, p + "attn.", number, x)
        return self.times_layer_scalar(p, self.sublayer("ffn", self.feed_forward, p + "ffn.", number, x))

    def kind_of(self, i):
        """The block of layer i, where layers are not alike."""
        unlike = self.spec.get("layers")
        return Block({**self.spec, **unlike[i % len(unlike)], "layers": None}, self.params, self.batch) if unlike else self

    def __call__(self, x):
        """The part that the spec names, of x [B T, d]."""
        parts = {
            "norm": lambda x: self.norm(self.spec["norm_slots"]["attn"]["in"], "norm", x),
            "attention": lambda x: self.attention("layers.0.attn.", x),
            "ffn": lambda x: self.feed_forward("layers.0.ffn.", x),
            "add_norm": self.add_norm,
            "sdpa": self.sdpa,
            "block": self.stack,
            "stack": self.stack,
            "collapse": lambda x: self.collapsed(self.split(x)),
            "router": lambda x: self.expert_weights("layers.0.ffn.", x),
            "mixer": lambda x: self.mixer("layers.0.attn.mixer.", self.split(x)),
            "rope": self.turned_heads,
            "linear_attention": self.linear_attention,
            "softmax": self.softmax,
            "linear": lambda x: x @ self.params["weight"].swapaxes(0, 1) + self.params.get("bias", 0),
            "activation": lambda x: self.activated(x),
            "gated_activation": self.gated,
        }
        return parts[self.spec["part"]](x)

    def add_norm(self, x):
        """The norm of the sum, and beside it the sum."""
        total = self.join("", "", rows(self.params["residual"]), x)
        return self.norm(self.spec["norm_slots"]["attn"]["in"], "norm", total).beside(total)

    def stack(self, x):
        if self.spec.get("streams"):
            return self.stack_of_streams(x)
        for i in range(self.spec["n_layers"]):
            x = self.kind_of(i).layer(f"layers.{i}.", i + 1, x)
        return self.norm(self.spec["final_norm"], "final_norm", x)
