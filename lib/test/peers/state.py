"""Heads by themselves: the rotary embedding, by angles or by tables that are given, and linear attention."""

import torch
from deviations import with_derivative_of


class State:
    """Of a block that has `spec`, `params`, `a`, `wrong`, `turned` and `scale`."""

    def turned_part(self, x):
        """x [B, T, H, h], tables [B, T, r/2]."""
        rope = self.spec["position"]["rope"]
        if rope.get("tables", "computed") == "computed" or "rope/missing" in self.wrong:
            return self.turned(x, keys=False)
        cos, sin = self.params["cos"], self.params["sin"]
        if "rope/tables-swapped" in self.wrong:
            cos, sin = sin, cos
        if "rope/tables-of-first-sequence" in self.wrong:
            cos, sin = (t[:1].expand_as(t) for t in (cos, sin))
        turned = self.a.kernel(self.by_tables, x, cos, sin)
        return with_derivative_of(turned, x) if "rope/gradient-not-turned-back" in self.wrong else turned

    def by_tables(self, x, cos, sin):
        """x cos + turned sin, channel by channel, as most code does it."""
        rope, wrong = self.spec["position"]["rope"], self.wrong
        r = rope["rotary_dim"]
        paired = (rope["style"] == "interleaved") != ("rope/style" in wrong)
        repeated = paired != ("rope/tables-in-other-style" in wrong)
        sign = rope.get("sign", 1) * (-1 if "rope/sign" in wrong else 1)

        def of_channels(table):
            table = table.repeat_interleave(2, -1) if repeated else torch.cat((table, table), -1)
            return table.unsqueeze(-2)

        turning, rest = x[..., :r], x[..., r:]
        if paired:
            quarter = torch.stack((-turning[..., 1::2], turning[..., ::2]), -1).flatten(-2)
        else:
            quarter = torch.cat((-turning[..., r // 2 :], turning[..., : r // 2]), -1)
        return torch.cat((turning * of_channels(cos) + quarter * of_channels(sin) * sign, rest), -1)

    def linear_attention(self, q, k, v):
        """q [B, T, H, h], k [B, T, K, h], v [B, T, K, w] -> [B, T, H, w]; decay [B, T, K] or [B, T, K, h], beta
        [B, T, K], state [B, K, h, w]."""
        names = [n for n in ("decay", "beta", "state") if n in self.params]

        def kernel(q, k, v, *others):
            return self.recalled(q, k, v, dict(zip(names, others)))

        return self.a.kernel(kernel, q, k, v, *(self.params[n] for n in names))

    def goes_wrong(self, way):
        return "linear-attention/" + way in self.wrong

    def first_state(self, state, k, v):
        if state is None or self.goes_wrong("state-missing"):
            return k.new_zeros(k.shape[0], k.shape[2], k.shape[3], v.shape[3])
        transposes = self.goes_wrong("state-transposed") and state.shape[2] == state.shape[3]
        return state.transpose(2, 3) if transposes else state

    def written(self, state, k, v, decay, beta):
        """The state [B, K, h, w] behind a token: k [B, K, h], v [B, K, w]."""
        before = state
        if decay is not None and not self.goes_wrong("decay-after-update"):
            state = state * decay
        if beta is not None:
            read = before if self.goes_wrong("delta-before-decay") else state
            held = torch.einsum("bkh,bkhw->bkw", k, read)
            beta = 1 if self.goes_wrong("beta-missing") else beta.unsqueeze(-1)
            if self.goes_wrong("delta-missing"):
                v = beta * v
            else:
                v = beta * v - held if self.goes_wrong("beta-on-values-alone") else beta * (v - held)
        state = state + k.unsqueeze(-1) * v.unsqueeze(-2)
        if decay is not None and self.goes_wrong("decay-after-update"):
            state = state * decay
        return state

    def recalled(self, q, k, v, given):
        s, eps = self.spec["attention"], self.spec["attention"]["linear"]["qk_l2_eps"]
        if eps is not None and not self.goes_wrong("l2-missing"):
            q, k = (x * torch.rsqrt((x * x).sum(-1, keepdim=True) + eps) for x in (q, k))
        decay, beta = given.get("decay"), given.get("beta")
        if decay is not None:
            decay = decay if self.goes_wrong("decay-as-given") else decay.exp()
            decay = decay.reshape(*k.shape[:3], -1, 1)
        if self.goes_wrong("decay-missing"):
            decay = None
        group = torch.arange(s["n_heads"])
        tiled = "heads/tiled" in self.wrong and s["n_kv_heads"] < s["n_heads"]
        group = group % s["n_kv_heads"] if tiled else group * s["n_kv_heads"] // s["n_heads"]
        state, rows = self.first_state(given.get("state"), k, v), []
        for t in range(q.shape[1]):
            of_token = [x if x is None else x[:, t] for x in (decay, beta)]
            after = self.written(state, k[:, t], v[:, t], *of_token)
            read = state if self.goes_wrong("read-before-update") else after
            rows.append(torch.einsum("bnh,bnhw->bnw", q[:, t], read[:, group]))
            state = after
        return torch.stack(rows, 1) * self.scale()
