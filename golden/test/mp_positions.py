"""T5's relative positions and latent attention over mpmath numbers, from the spec's JSON: written from the formulas alone."""

from fractions import Fraction

import numpy as np
from mp_streams import columns
from mp_tape import constant


def bucket(count, max_distance, both_sides, d):
    """Of the key at distance d = j - i: floor(...) of logarithms as the largest power that is reached, in exact fractions."""
    if both_sides:
        return bucket(count // 2, max_distance, False, -abs(d)) + (count // 2 if d > 0 else 0)
    m, r = count // 2, max(-d, 0)
    if r < m:
        return r
    steps = count - m
    reached = [k for k in range(steps) if Fraction(max_distance, m) ** k <= Fraction(r, m) ** steps]
    return m + max(reached)


class Positions:
    """Of a block that has `spec`, `params`, `batch`, `linear`, `norm` and `rotated`."""

    def looked_up(self, p, queries, keys, first):
        """What the table adds to scores [H, Tq, Tk]; query 0 stands at key `first`."""
        b, n_heads = self.spec["position"]["buckets"], self.spec["attention"]["n_heads"]
        both_sides = self.spec["attention"]["mask"] in ("bidirectional", "sliding")
        pick = np.zeros((queries * keys, b["count"]), int)
        for i in range(queries):
            for j in range(keys):
                pick[i * keys + j, bucket(b["count"], b["max_distance"], both_sides, j - i - first)] = 1
        table = self.params[p + "relative_bias.weight"]
        return (constant(pick) @ table).swapaxes(0, 1).reshape(n_heads, queries, keys)

    def latent_heads(self, p, x):
        """Queries, keys and values [B, H, T, h]: [own | turned] of each head, where all heads of keys turn the same."""
        s = self.spec["attention"]
        latent, h = s["latent"], s["head_dim"]
        r, v = latent["rope_dim"], latent["v_head_dim"] or h
        rms = {"kind": "rms_norm", "eps": latent["eps"], "gain": "vector", "gain_offset": 0, "bias": False}

        def one(u, first, width):
            return columns(u, first, width).reshape(self.batch, 1, x.shape[0] // self.batch, width)

        def all_of(heads):
            """[B, 1, T, h] each -> [B, H, T, h]"""
            shape = heads[0].shape
            side_by_side = heads[0]
            for head in heads[1:]:
                side_by_side = side_by_side.beside(head)
            apart = side_by_side.reshape(shape[0], shape[2], len(heads), shape[3])
            return apart.swapaxes(1, 2)

        q = x
        if latent["q_rank"]:
            q = self.norm(rms, p + "norm_q_a", self.linear(p + "q_a_proj", x))
        q = self.linear(p + ("q_b_proj" if latent["q_rank"] else "q_proj"), q)
        down = self.linear(p + "kv_a_proj", x)
        c = self.norm(rms, p + "norm_kv_a", columns(down, 0, latent["kv_rank"]))
        up, shared = self.linear(p + "kv_b_proj", c), self.rotated(one(down, latent["kv_rank"], r))
        n, each = range(s["n_heads"]), h - r + v
        queries = [one(q, i * h, h - r).beside(self.rotated(one(q, i * h + h - r, r))) for i in n]
        keys = [one(up, i * each, h - r).beside(shared) for i in n]
        return all_of(queries), all_of(keys), all_of([one(up, i * each + h - r, v) for i in n])
