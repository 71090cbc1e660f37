"""Several residual streams: how they are read, mixed and written, right and in the ways in which that goes wrong."""

import itertools

import torch


class Streams:
    def gates(self, p, xs):
        """m = W N(X_1, ..., X_n), and s m + b of a part of it."""
        s, a = self.spec["streams"], self.a
        x = torch.cat(xs, -1)
        m = a.kernel(lambda x: x * torch.rsqrt((x * x).mean(-1, keepdim=True) + s["norm_eps"]), x)
        m = a.linear(m, self.params[p + "weight"], None)

        def part(first, count, scale):
            last = first + count
            return a.kernel(
                lambda m, s, b: m * s + b,
                m[..., first:last],
                self.params[p + "scale"][..., scale],
                self.params[p + "bias"][..., first:last],
            )

        return part

    @property
    def stream_eps(self):
        s = self.spec["streams"]
        return s["eps"] if s["rule"] == "mhc" and "streams/eps-missing" not in self.wrong else 0

    def reading(self, gates):
        n = self.spec["streams"]["count"]
        return self.a.kernel(lambda x: torch.sigmoid(x) + self.stream_eps, gates(0, n, 0))

    def writing(self, gates):
        n, factor = self.spec["streams"]["count"], 1 if "streams/write-not-doubled" in self.wrong else 2
        return self.a.kernel(lambda x: factor * torch.sigmoid(x), gates(n, n, 1))

    def mixing(self, gates):
        """C [..., n, n]: stream k gets C_jk of stream j."""
        s, wrong = self.spec["streams"], self.wrong
        n = s["count"]
        if s["rule"] == "mhc":
            logits = gates(2 * n, n * n, 2).unflatten(-1, (n, n))
            c = self.a.kernel(lambda x: self.balanced(x), logits)
        else:
            orders = list(itertools.permutations(range(n)))
            weights = self.a.kernel(lambda x: torch.softmax(x, -1), gates(2 * n, len(orders), 2))
            matrices = torch.stack([torch.eye(n)[list(o)] for o in orders]).to(weights)
            c = torch.einsum("...p,pjk->...jk", weights, matrices)
        if "streams/mixing-missing" in wrong:
            c = torch.eye(n).to(c).expand(c.shape)
        return c.mT if "streams/transposed" in wrong else c

    def balanced(self, logits):
        s, eps = self.spec["streams"], self.stream_eps
        c = torch.sigmoid(logits) if "streams/mixing-from-sigmoid" in self.wrong else torch.softmax(logits, -1)
        c = c + eps
        for step in range(1 if "streams/sinkhorn-once" in self.wrong else s["sinkhorn_steps"]):
            if step:
                c = c / (c.sum(-1, keepdim=True) + eps)
            c = c / (c.sum(-2, keepdim=True) + eps)
        return c

    def mixer(self, p, xs):
        """[r | w | C], C by rows as it is."""
        gates = self.gates(p, xs)
        c = self.mixing(gates)
        c = c.mT if "streams/transposed" in self.wrong else c
        return torch.cat([self.reading(gates), self.writing(gates), c.flatten(-2)], -1)

    def over_streams(self, p, norms, norm_prefix, branch, xs):
        rule, q = self.spec["streams"]["rule"], p + "mixer."
        within = lambda x: self.in_slot(  # noqa: E731
            norms, "out", norm_prefix, branch(p, self.in_slot(norms, "in", norm_prefix, x))
        )
        add = lambda x, y: self.a.kernel(torch.add, x, y)  # noqa: E731
        if rule == "resi_dual":
            b = within(xs[0])
            return [self.in_slot(norms, "post", norm_prefix, add(xs[0], b)), add(xs[1], b)]
        if rule == "siamese":
            n, beta = self.spec["streams"]["norm"], self.spec["branch_scale"]
            first = self.norm(n, q + "norm_1", xs[0])
            b = within(add(first, self.norm(n, q + "norm_2", xs[1])))
            return [self.a.kernel(lambda x, b: x + beta * b, first, b), add(xs[1], b)]
        gates = self.gates(q, xs)
        stacked = torch.stack(xs, -2)
        b = within(self.a.kernel(lambda r, x: torch.einsum("...i,...id->...d", r, x), self.reading(gates), stacked))
        out = self.a.kernel(
            lambda w, c, b, x: w.unsqueeze(-1) * b.unsqueeze(-2) + torch.einsum("...jk,...jd->...kd", c, x),
            self.writing(gates),
            self.mixing(gates),
            b,
            stacked,
        )
        return list(out.unbind(-2))

    def collapsed(self, xs, last):
        s = self.spec["streams"]
        if s["rule"] == "resi_dual":
            return self.a.kernel(torch.add, xs[0], last(xs[1]))
        if s["rule"] == "siamese":
            first, second = (self.norm(s["norm"], f"streams.norm_{i + 1}", x) for i, x in enumerate(xs))
            return last(self.a.kernel(torch.add, first, second))
        stacked = torch.stack(xs, -2)
        if s["head"] == "weighted" and "streams/head-is-mean" not in self.wrong:
            r = self.reading(self.gates("streams.", xs))
            return last(self.a.kernel(lambda r, x: torch.einsum("...i,...id->...d", r, x), r, stacked))
        over = 1 if s["head"] == "sum" else len(xs)
        return last(self.a.kernel(lambda x: x.sum(-2) / over, stacked))

    def split(self, x):
        return list(x.split(self.spec["d"], -1))

    def streams_layer(self, i, xs):
        attn, ffn = f"layers.{i}.attn.", f"layers.{i}.ffn."
        of_ffn = attn if "layout/second-norm-is-first" in self.wrong else ffn
        sublayers = [
            (attn, self.attn_norms, attn, self.attention),
            (ffn, self.ffn_norms, of_ffn, self.feed_forward),
        ]
        if "layout/ffn-first" in self.wrong:
            sublayers.reverse()
        for sublayer in sublayers:
            xs = self.over_streams(*sublayer, xs)
        return xs
