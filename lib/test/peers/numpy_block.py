"""The block's parts in numpy, forward and backward, written from the formulas; shares nothing with the library, nor
with the peer in PyTorch. Every function returns its result and the map from that result's cotangent to its input's;
gradients of parameters are added up in `grads`."""

import math

import numpy as np
from plumbline_client import Unsupported

erf = np.vectorize(math.erf, otypes=[np.float64])


def logistic(x):
    return 1 / (1 + np.exp(-x))


def gated(x, g, slope):
    """x s(g(x)) and its derivative; slope = g'."""
    s = logistic(g)
    return x * s, s + x * s * (1 - s) * slope


def gelu_erf(x):
    wide = x.astype(np.float64)
    phi = 0.5 * (1 + erf(wide / math.sqrt(2)))
    density = np.exp(-0.5 * wide * wide) / math.sqrt(2 * math.pi)
    return (wide * phi).astype(x.dtype), (phi + wide * density).astype(x.dtype)


def gelu_tanh(x):
    c, a = x.dtype.type(2 * math.sqrt(2 / math.pi)), x.dtype.type(0.044715)
    return gated(x, c * (x + a * x * x * x), c * (1 + 3 * a * x * x))


ACTIVATIONS = {  # value and derivative
    "relu": lambda x: (np.maximum(x, 0), (x > 0).astype(x.dtype)),
    "gelu_erf": gelu_erf,
    "gelu_tanh": gelu_tanh,
    "silu": lambda x: gated(x, x, x.dtype.type(1)),
    "quick_gelu": lambda x: gated(x, x.dtype.type(1.702) * x, x.dtype.type(1.702)),
    "sigmoid": lambda x: (logistic(x), logistic(x) * logistic(-x)),
}


BESIDE_SCALES = {"residual_rule", "residual_gain", "branch_gain", "gpas", "layer_scalar", "norm_depth_scale"}


class Block:
    def __init__(self, spec, params, arithmetic):
        if spec.get("layers"):
            raise Unsupported("unlike layers")
        if spec["attention"].get("given"):
            raise Unsupported("masks as tensors, lengths, segments and a past")
        self.spec, self.a = spec, arithmetic
        self.params = {name: arithmetic.read(value) for name, value in params.items()}
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}

    def rows(self, x):
        return x.reshape(-1, x.shape[-1])

    def add_gradient(self, name, value):
        self.grads[name] = self.grads[name] + self.a.store(value.reshape(self.grads[name].shape))

    def over_rows(self, name, x):
        """Adds the sum of all rows to a parameter's gradient."""
        self.add_gradient(name, self.a.sum(np.ascontiguousarray(self.rows(x).T)))

    def linear(self, name, x):
        a, w = self.a, self.params[name + ".weight"]
        y = a.matmul(self.rows(x), np.ascontiguousarray(w.T)).reshape(*x.shape[:-1], -1)
        bias = self.params.get(name + ".bias")

        def back(g):
            self.add_gradient(name + ".weight", a.matmul(np.ascontiguousarray(self.rows(g).T), self.rows(x)))
            if bias is not None:
                self.over_rows(name + ".bias", g)
            return a.store(a.matmul(self.rows(g), w).reshape(x.shape))

        return a.store(y if bias is None else y + bias), back

    def standardised(self, n, x):
        """(x - mean) / sqrt(v + eps), where layer_norm alone takes the mean out."""
        a, centres = self.a, n["kind"] == "layer_norm"
        mean, variance = a.moments(x, centres)
        factor = 1 / np.sqrt(variance + a.compute(n["eps"]))
        hat = (x - mean) * factor

        def back(u):
            centre = a.mean(u) if centres else 0
            return factor * (u - centre - hat * a.mean(u * hat))

        return hat, back

    def squashed(self, name, x):
        """tanh(alpha x)"""
        alpha = self.params[name + ".alpha"]
        hat = np.tanh(alpha * x)

        def back(u):
            inner = u * (1 - hat * hat)
            self.add_gradient(name + ".alpha", self.a.sum((inner * x).reshape(1, -1)))
            return alpha * inner

        return hat, back

    def norm(self, n, name, x):
        a = self.a
        if n["kind"] not in ("layer_norm", "rms_norm", "dyt"):
            raise Unsupported("norms by length and by erf")
        hat, back_hat = self.squashed(name, x) if n["kind"] == "dyt" else self.standardised(n, x)
        gain, bias = self.params.get(name + ".weight"), self.params.get(name + ".bias")
        gain = None if gain is None else gain + a.compute(n["gain_offset"])
        y = a.store(hat) if a.gain_of_stored else hat
        y = y if gain is None else y * gain

        def back(g):
            if gain is not None:
                self.over_rows(name + ".weight", g * hat)
            if bias is not None:
                self.over_rows(name + ".bias", g)
            return a.store(back_hat(g if gain is None else g * gain))

        return a.store(y if bias is None else y + bias), back

    def feed_forward(self, p, x):
        a, s = self.a, self.spec["ffn"]
        if s.get("moe"):
            raise Unsupported("experts")
        if s.get("limit") is not None or s.get("up_offset") or s.get("squared"):
            raise Unsupported("feed-forwards with a limit, an offset or a square")
        if self.spec["norm_slots"]["ffn"]["mid"]:
            raise Unsupported("norms inside the feed-forward")
        up, back_up = self.linear(p + "up_proj", x)
        glu = s["kind"] == "glu"
        gate, back_gate = self.linear(p + "gate_proj", x) if glu else (up, back_up)
        if s["activation"] not in ACTIVATIONS:
            raise Unsupported("some activations")
        value, slope = ACTIVATIONS[s["activation"]](gate)
        value = a.inside(value) if glu else a.store(value)
        y, back_down = self.linear(p + "down_proj", a.store(value * up) if glu else value)

        def back(g):
            dh = back_down(g)
            if not glu:
                return back_up(a.store(dh * slope))
            return a.store(back_up(a.store(dh * value)) + back_gate(a.store(a.inside(dh * up) * slope)))

        return y, back

    def rotate(self, x, sign=1):
        rope = self.spec["position"]["rope"]
        if rope.get("scaling") or rope.get("sign", 1) != 1:
            raise Unsupported("frequencies that are scaled, and turns the other way")
        r = rope["rotary_dim"]
        angle = np.arange(x.shape[1])[:, None] * float(rope["base"]) ** (-np.arange(0, r, 2) / r)
        c, s = (f(angle).astype(self.a.compute)[None, :, None] for f in (np.cos, np.sin))
        halves = rope["style"] == "half"
        first, second = (slice(0, r // 2), slice(r // 2, r)) if halves else (slice(0, r, 2), slice(1, r, 2))
        y, (u, v) = x.copy(), (x[..., first], x[..., second])
        y[..., first], y[..., second] = u * c - sign * v * s, sign * u * s + v * c
        return self.a.store(y)

    def ahead(self, queries, keys):
        """How many keys stand before that of each query [Tq, Tk], less those before the key itself."""
        aligned = self.spec["attention"].get("causal_alignment", "bottom_right") == "bottom_right"
        return np.arange(queries)[:, None] + (keys - queries if aligned else 0) - np.arange(keys)[None, :]

    def seen(self, queries, keys):
        s, ahead = self.spec["attention"], self.ahead(queries, keys)
        if s["mask"] == "bidirectional":
            return np.ones((queries, keys), bool)
        return (ahead >= 0) & (ahead < (s["window"] or keys + queries))

    def position_bias(self, queries, keys):
        """ALiBi [H, Tq, Tk]: minus the distance of the key, times 2^-(max_bias step). The steps of the heads are 1/p, 2/p,
        ..., 1, and then those between, 1/2p, 3/2p, ..., where p is the largest power of 2 that is at most H."""
        n, most = self.spec["attention"]["n_heads"], self.spec["position"]["bias"]["max_bias"]
        p = 1 << n.bit_length() - 1
        steps = np.concatenate([np.arange(1, p + 1) / p, np.arange(1, 2 * p, 2) / (2 * p)])[:n]
        distance = np.abs(self.ahead(queries, keys))
        return (-np.exp2(-most * steps)[:, None, None] * distance).astype(self.a.compute)

    def sdpa(self, q, k, v):
        """q [B, Tq, H, h], k, v [B, Tk, K, h] -> [B, Tq, H, h]; the map back gives cotangents of all three."""
        a, s = self.a, self.spec["attention"]
        if s.get("sink"):
            raise Unsupported("attention sinks")
        if self.spec["position"].get("buckets") or s["mask"] in ("sliding", "causal_chunked"):
            raise Unsupported("tables of relative positions, windows on both sides, and chunks")
        root = 1 if s["scale"]["rule"] == "one" else math.sqrt(s["scale"]["value"] or s["head_dim"])
        scale, cap = a.compute(s["scale"]["mult"] / root), s["logit_softcap"]
        group = np.arange(s["n_heads"]) * s["n_kv_heads"] // s["n_heads"]
        turn = lambda t: np.ascontiguousarray(np.swapaxes(t, 1, 2))  # noqa: E731
        over = lambda t: np.ascontiguousarray(np.swapaxes(t, -1, -2))  # noqa: E731
        q, k, v = turn(q), turn(k[:, :, group]), turn(v[:, :, group])
        seen = self.seen(q.shape[2], k.shape[2])

        def scores():
            t = a.inside(a.inside(a.matmul(q, over(k))) * scale)
            slope = 1
            if cap is not None:
                tanh = np.tanh(t / a.compute(cap))
                t, slope = a.inside(a.compute(cap) * tanh), 1 - tanh * tanh
            if self.spec["position"]["bias"]:
                t = a.inside(t + self.position_bias(*t.shape[-2:]))
            return np.where(seen, t, a.compute(-np.inf)), slope

        def softmax(t):
            e = np.exp(t - t.max(-1, keepdims=True))
            return e / a.sum(e)

        masked, slope = scores()
        if a.tile:
            y, log_sum = tiled(a, masked, v)
            p = np.exp(masked - log_sum)
        else:
            p = a.inside(softmax(masked))
            y = a.matmul(p, v)
        y = a.store(y)

        def back(g):
            g = turn(g)
            dp = a.inside(a.matmul(g, over(v)))
            row = a.sum(g * y) if a.tile else a.sum(dp * p)
            ds = a.inside(p * (dp - row)) * slope
            weights, ds = (a.store(p), a.store(ds)) if a.tile else (p, a.inside(ds * scale))
            last = scale if a.tile else a.compute(1)
            dq, dk, dv = a.matmul(ds, k) * last, a.matmul(over(ds), q) * last, a.matmul(over(weights), g)
            together = lambda t: np.stack([t[:, group == h].sum(1) for h in range(s["n_kv_heads"])], 1)  # noqa: E731
            return tuple(a.store(turn(t)) for t in (dq, together(dk), together(dv)))

        return turn(y), back

    def attention(self, p, x):
        s, norms = self.spec["attention"], self.spec["norm_slots"]["attn"]
        if norms["q"] or norms["k"] or norms.get("v") or norms["mid"] or s.get("gate") or s.get("latent"):
            raise Unsupported("norms inside attention, gates, and latent vectors")
        heads, backs = {}, {}
        for n, count in (("q", s["n_heads"]), ("k", s["n_kv_heads"]), ("v", s["n_kv_heads"])):
            y, backs[n] = self.linear(f"{p}{n}_proj", x)
            heads[n] = y.reshape(*y.shape[:-1], count, s["head_dim"])
        turns = bool(self.spec["position"]["rope"])
        if turns:
            heads["q"], heads["k"] = self.rotate(heads["q"]), self.rotate(heads["k"])
        o, back_heads = self.sdpa(heads["q"], heads["k"], heads["v"])
        y, back_out = self.linear(p + "o_proj", o.reshape(*x.shape[:-1], -1))

        def back(g):
            found = dict(zip("qkv", back_heads(back_out(g).reshape(o.shape))))
            if turns:
                found |= {n: self.rotate(found[n], -1) for n in "qk"}
            parts = [backs[n](found[n].reshape(*x.shape[:-1], -1)) for n in "qkv"]
            return self.a.store(self.a.store(parts[0] + parts[1]) + parts[2])

        return y, back

    def sublayer(self, which, p, x, branch):
        """N_post(alpha x + beta N_out(F(N_in(x))))."""
        a, norms = self.a, self.spec["norm_slots"][which]
        alpha, beta = a.compute(self.spec["residual_scale"]), a.compute(self.spec["branch_scale"])
        chain, b = [], x
        for step in ("in", None, "out"):
            if step and not norms[step]:
                continue
            b, back = self.norm(norms[step], f"{p}norm_{step}", b) if step else branch(p, b)
            chain.append(back)
        scaled = lambda t, c: t if c == 1 else a.store(t * c)  # noqa: E731
        y = a.store(scaled(x, alpha) + scaled(b, beta))
        back_post = lambda g: g  # noqa: E731
        if norms["post"]:
            y, back_post = self.norm(norms["post"], p + "norm_post", y)

        def back(g):
            g = back_post(g)
            u = scaled(g, beta)
            for step in reversed(chain):
                u = step(u)
            return a.store(scaled(g, alpha) + u)

        return y, back

    def stack(self, x):
        if self.spec["topology"] != "sequential" or self.spec["residual_source"] != "stream":
            raise Unsupported("another topology than the sequential one")
        if self.spec.get("streams"):
            raise Unsupported("several streams")
        if self.spec.keys() & BESIDE_SCALES:
            raise Unsupported("streams that are joined by more than two numbers")
        chain = []
        for i in range(self.spec["n_layers"]):
            for which, branch in (("attn", self.attention), ("ffn", self.feed_forward)):
                x, back = self.sublayer(which, f"layers.{i}.{which}.", x, branch)
                chain.append(back)
        if self.spec["final_norm"]:
            x, back = self.norm(self.spec["final_norm"], "final_norm", x)
            chain.append(back)

        def back_all(g):
            for step in reversed(chain):
                g = step(g)
            return g

        return x, back_all


def tiled(a, scores, v):
    """Softmax of scores times v, tile by tile of keys; and the logarithm of each row's sum."""
    top = np.full((*scores.shape[:-1], 1), -np.inf, scores.dtype)
    weight, total = np.zeros_like(top), np.zeros((*scores.shape[:-1], v.shape[-1]), scores.dtype)
    for first in range(0, scores.shape[-1], a.tile):
        s = scores[..., first : first + a.tile]
        higher = np.maximum(top, s.max(-1, keepdims=True))
        safe = np.where(np.isinf(higher), 0, higher)
        p, shrink = np.exp(s - safe), np.exp(top - safe)
        weight = weight * shrink + p.sum(-1, keepdims=True)
        total = total * shrink + a.matmul(a.store(p), v[..., first : first + a.tile, :])
        top = higher
    return total / weight, top + np.log(weight)
