"""The residual block over mpmath numbers, from the spec's JSON: written from the formulas alone.

    b = N_out(F(N_in(x)))        y = N_post(alpha x + beta b)
    parallel: y = alpha x + beta (N_out(Attn(N(x))) + N_out'(FFN(N(x))))

The stream is [B T, d]. Choices that no golden case makes are refused, not guessed.
"""

import mpmath
import numpy as np
from mp_moe import Moe
from mp_positions import Positions
from mp_streams import Streams
from mp_tape import constant, exp, normal_distribution, positive_part, reciprocal, sqrt, tanh


def ratio(p, q):
    return mpmath.mpf(p) / q


def logistic(x):
    return reciprocal(exp(-x) + 1)


def gelu_tanh(x):
    """x (1 + tanh u) / 2 with u = sqrt(2/pi) (x + 0.044715 x^3), where (1 + tanh u) / 2 = logistic(2 u)."""
    u = (x + x * x * x * ratio(44715, 10**6)) * mpmath.sqrt(2 / mpmath.pi)
    return x * logistic(u * 2)


ACTIVATIONS = {
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


def scaled(scaling, frequency, j, dim, base):
    """The frequency of pair j for longer sequences: kept, divided by the factor, or something in between."""
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
    if not scaling or scaling["kind"] != "yarn":
        return 1
    given = scaling["attention_factor"]
    return mpmath.mpf(given) if given is not None else 1 + mpmath.log(max(scaling["factor"], 1)) / 10


def rotation(rope, tokens, head_dim):
    """m cos and m sin [T, h], and J [h, h], which turns a pair by 90 degrees: rotated x = m (x cos + (x J) sin), where m is
    not 1 for yarn alone."""
    half, turn = rope["rotary_dim"] // 2, np.zeros((head_dim, head_dim))
    cos, sin = np.ones((tokens, head_dim), object), np.zeros((tokens, head_dim), object)
    for j in range(half):
        a, b = (2 * j, 2 * j + 1) if rope["style"] == "interleaved" else (j, j + half)
        turn[b, a], turn[a, b] = -1, 1
        frequency = mpmath.power(rope["base"], -ratio(j, half))
        scaling = rope.get("scaling")
        if scaling:
            frequency = scaled(scaling, frequency, j, 2 * half, rope["base"])
        m, sign = amplitude(scaling), rope.get("sign", 1)
        for t in range(tokens):
            cos[t, [a, b]], sin[t, [a, b]] = m * mpmath.cos(t * frequency), m * sign * mpmath.sin(t * frequency)
    return constant(cos), constant(sin), constant(turn)


def seen(mask, window, queries, keys=None, at_the_end=True):
    """1 where query i sees key j, else 0. Of fewer queries than keys the last stands at the last key, or the first at the
    first."""
    keys = keys or queries
    i, j = np.arange(queries)[:, None] + (keys - queries if at_the_end else 0), np.arange(keys)
    far = {"bidirectional": -keys, "causal": -keys, "causal_sliding": -(window or 0), "sliding": -(window or 0)}[mask]
    near = {"bidirectional": keys + queries, "causal": 1, "causal_sliding": 1, "sliding": window}[mask]
    return constant(((j - i > far) & (j - i < near)).astype(int))


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


class Block(Streams, Moe, Positions):
    def __init__(self, spec, params, batch):
        """`params`: name -> tensor."""
        self.spec, self.params, self.batch = spec, params, batch

    def linear(self, name, x):
        y = x @ self.params[name + ".weight"].swapaxes(0, 1)
        return y + self.params[name + ".bias"] if name + ".bias" in self.params else y

    def norm(self, n, name, x):
        """gamma (x - mean) / sqrt(mean (x - mean)^2 + eps) + beta; rms_norm leaves the mean alone; dyt: gamma tanh(alpha x)
        + beta."""
        if not n:
            return x
        if n["kind"] not in ("layer_norm", "rms_norm", "dyt"):
            raise NotImplementedError(n)
        if n["kind"] == "layer_norm":
            x = x - x.row_mean()
        if n["kind"] == "dyt":
            y = tanh(x * self.params[name + ".alpha"])
        else:
            y = x / standard_deviation((x * x).row_mean(), n["eps"])
        if n["gain"] == "vector":
            y = y * (self.params[name + ".weight"] + n["gain_offset"])
        return y + self.params[name + ".bias"] if n["bias"] else y

    def heads(self, x):
        """[B T, heads h] -> [B, heads, T, h]"""
        h = self.spec["attention"]["head_dim"]
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
        cos, sin, turn = rotation(rope, *x.shape[-2:])
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
        k, v = (self.shared(self.heads(rows(self.params[name]))) for name in "kv")
        return self.averaged(self.heads(q), k, v)

    def averaged(self, q, k, v, p=""):
        """softmax(q k / sqrt h) v of all heads [B, heads, T, h] -> [B T, heads h]; the sink of a head adds to its sum."""
        s, queries, keys = self.spec["attention"], q.shape[2], k.shape[2]
        rule, value = s["scale"]["rule"], s["scale"]["value"]
        root = {"inv_sqrt_head_dim": s["head_dim"], "inv_sqrt_scalar": value, "one": 1}[rule]
        scores = q @ k.swapaxes(2, 3) * (s["scale"]["mult"] / mpmath.sqrt(root))
        if cap := s["logit_softcap"]:
            scores = tanh(scores / cap) * cap
        if bias := self.spec["position"]["bias"]:
            scores = scores + constant(alibi(bias["max_bias"], s["n_heads"], scores.shape[2]))
        at_the_end = s.get("causal_alignment", "bottom_right") == "bottom_right"
        if self.spec["position"].get("buckets"):
            scores = scores + self.looked_up(p, queries, keys, keys - queries if at_the_end else 0)
        weights = exp(scores) * seen(s["mask"], s["window"], queries, keys, at_the_end)
        total = weights.row_sum()
        if s.get("sink"):
            total = total + exp(self.params[p + "sink"].reshape(1, s["n_heads"], 1, 1))
        heads = weights / total @ v
        return heads.swapaxes(1, 2).reshape(self.batch * queries, s["n_heads"] * v.shape[3])

    def feed_forward(self, p, x):
        return self.mixture(p, x) if self.spec["ffn"].get("moe") else self.one_feed_forward(p, x)

    def one_feed_forward(self, p, x):
        s = self.spec["ffn"]
        activation, up = ACTIVATIONS[s["activation"]], self.linear(p + "up_proj", x)
        if s["kind"] not in ("mlp", "glu"):
            raise NotImplementedError(s)
        gate = self.linear(p + "gate_proj", x) if s["kind"] == "glu" else up
        if limit := s.get("limit"):
            gate, up = at_most(limit, gate), at_most(limit, at_least(-limit, up))
        hidden = activation(gate)
        if s.get("squared"):
            hidden = hidden * hidden
        if s["kind"] == "glu":
            hidden = hidden * (up + s.get("up_offset", 0))
        return self.linear(p + "down_proj", self.norm(self.spec["norm_slots"]["ffn"]["mid"], p + "norm_mid", hidden))

    def join(self, x, branch):
        return x * self.spec["residual_scale"] + branch * self.spec["branch_scale"]

    def sublayer(self, which, branch, p, x):
        n = self.spec["norm_slots"][which]
        u = self.norm(n["in"], p + "norm_in", x)
        residual = {"stream": x, "normed": u}[self.spec["residual_source"]]
        return self.norm(n["post"], p + "norm_post", self.join(residual, self.norm(n["out"], p + "norm_out", branch(p, u))))

    def parallel(self, p, x):
        if self.spec["residual_source"] != "stream":
            raise NotImplementedError(self.spec)
        slots = self.spec["norm_slots"]
        if self.spec["parallel_shared_norm"]:
            u = v = self.norm(slots["attn"]["in"], p + "norm_in", x)
        else:
            u = self.norm(slots["attn"]["in"], p + "attn.norm_in", x)
            v = self.norm(slots["ffn"]["in"], p + "ffn.norm_in", x)
        attn = self.norm(slots["attn"]["out"], p + "attn.norm_out", self.attention(p + "attn.", u))
        ffn = self.norm(slots["ffn"]["out"], p + "ffn.norm_out", self.feed_forward(p + "ffn.", v))
        return self.join(x, attn + ffn)

    def layer(self, p, x):
        if self.spec["topology"] == "parallel":
            return self.parallel(p, x)
        x = self.sublayer("attn", self.attention, p + "attn.", x)
        return self.sublayer("ffn", self.feed_forward, p + "ffn.", x)

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
        }
        return parts[self.spec["part"]](x)

    def add_norm(self, x):
        """The norm of the sum, and beside it the sum."""
        total = self.join(rows(self.params["residual"]), x)
        return self.norm(self.spec["norm_slots"]["attn"]["in"], "norm", total).beside(total)

    def stack(self, x):
        if self.spec.get("streams"):
            return self.stack_of_streams(x)
        for i in range(self.spec["n_layers"]):
            x = self.layer(f"layers.{i}.", x)
        return self.norm(self.spec["final_norm"], "final_norm", x)
