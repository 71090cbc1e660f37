"""The rotary embedding by itself, and linear attention, over mpmath numbers: written from the formulas alone."""

import numpy as np
from mp_tape import constant, exp, sqrt


def row(x, t):
    """Row t of the last but one axis, which stays."""
    pick = np.zeros((1, x.shape[-2]), int)
    pick[0, t] = 1
    return constant(pick) @ x


def at_row(x, t, rows):
    """x [..., 1, w] as row t among zeros."""
    put = np.zeros((rows, 1), int)
    put[t, 0] = 1
    return constant(put) @ x


class States:
    """Of a block that has `spec`, `params`, `batch`, `heads`, `rotated`, `shared` and `scale`."""

    def side_by_side(self, heads):
        """[B, heads, T, w] -> [B T, heads w]"""
        return heads.swapaxes(1, 2).reshape(self.batch * heads.shape[2], heads.shape[1] * heads.shape[3])

    def turned_heads(self, x):
        x = self.heads(x)
        if self.spec["position"]["rope"].get("tables", "computed") == "computed":
            return self.side_by_side(self.rotated(x))
        rope, h = self.spec["position"]["rope"], x.shape[-1]
        half = rope["rotary_dim"] // 2
        spread, turn, others = np.zeros((half, h), int), np.zeros((h, h), int), np.ones(h, int)
        for j in range(half):
            a, b = (2 * j, 2 * j + 1) if rope["style"] == "interleaved" else (j, j + half)
            spread[j, [a, b]], others[[a, b]] = 1, 0
            turn[b, a], turn[a, b] = -rope.get("sign", 1), rope.get("sign", 1)

        def of_channels(name):
            table = self.params[name] @ constant(spread)
            return table.reshape(self.batch, 1, *table.shape[1:])

        return self.side_by_side(x * (of_channels("cos") + constant(others)) + (x @ constant(turn)) * of_channels("sin"))

    def given_heads(self, name, width):
        """An input [B, T, heads w] as [B, heads, T, w]."""
        x = self.params[name]
        return x.reshape(self.batch, x.shape[1], x.shape[2] // width, width).swapaxes(1, 2)

    def over_length(self, x):
        eps = self.spec["attention"]["linear"]["qk_l2_eps"]
        return x if eps is None else x / sqrt((x * x).row_sum() + eps)

    def first_state(self, width):
        s = self.spec["attention"]
        shape = (self.batch, s["n_kv_heads"], s["head_dim"], width)
        return self.params["state"].reshape(*shape) if s["linear"]["state"] else constant(np.zeros(shape, int))

    def linear_attention(self, x):
        """S becomes exp(g) S + k u, u = v or beta (v - k exp(g) S); o = scale q S."""
        s = self.spec["attention"]
        rule, h, w = s["linear"]["update_rule"], s["head_dim"], s.get("v_head_dim") or s["head_dim"]
        q = self.over_length(self.heads(x))
        k, v = self.over_length(self.given_heads("k", h)), self.given_heads("v", w)
        decay = beta = None
        if rule in ("gated", "gated_delta"):
            decay = exp(self.given_heads("decay", h if s["linear"]["decay_over"] == "channels" else 1))
        if rule in ("delta", "gated_delta"):
            beta = self.given_heads("beta", 1)
        state, tokens, out = self.first_state(w), q.shape[2], None
        for t in range(tokens):
            key, u = row(k, t), row(v, t)
            if decay is not None:
                state = state * row(decay, t).swapaxes(2, 3)
            if beta is not None:
                u = (u - key @ state) * row(beta, t)
            state = state + key.swapaxes(2, 3) @ u
            o = at_row(row(q, t) @ self.shared(state), t, tokens)
            out = o if out is None else out + o
        return self.side_by_side(out * self.scale())
