"""The PyTorch peer's block with one of the bugs of planted_bugs.py in it."""

import math


def make_block(bug):
    import torch
    from block import Block
    from deviations import with_derivative_of

    def bf16(t):
        return with_derivative_of(t.to(torch.bfloat16).to(t.dtype), t)

    class NormBackward(torch.autograd.Function):
        """A norm whose backward pass is written by hand, wrongly."""

        @staticmethod
        def forward(ctx, x, w, centres, eps, offset):
            c = x - x.mean(-1, keepdim=True) if centres else x
            r = torch.rsqrt((c * c).mean(-1, keepdim=True) + eps)
            ctx.save_for_backward(x, w, c, r)
            ctx.centres, ctx.offset = centres, offset
            return c * r * (w + offset)

        @staticmethod
        def backward(ctx, g):
            x, w, c, r = ctx.saved_tensors
            gain, n = w + ctx.offset, c * r
            mean = lambda t: t.mean(-1, keepdim=True)  # noqa: E731
            if bug == "NB-19":
                g = g.transpose(0, 1).reshape(g.shape) if g.dim() == 3 else g
            if bug == "NB-06":
                gain = w
            if bug == "NB-04":
                gain = torch.ones_like(w)
            if bug == "NB-14":
                r = r.to(torch.bfloat16).to(r.dtype)
                n = c * r
            if bug == "NB-18":
                r = 1 / r**2
            if bug == "NB-23":
                n = n * torch.rsqrt(mean(n * n) + 1e-6)
            u = g * gain
            c1, c2 = (mean(u) if ctx.centres else 0), mean(u * n)
            if bug == "NB-01":
                c1 = 2 * c1
            if bug == "NB-03":
                last = (u.shape[-1] - 1) // 32 * 32
                c1 = u[..., last:].sum(-1, keepdim=True) / u.shape[-1]
            if bug == "NB-12":
                c1, c2 = (t.sum((0, 1), keepdim=True) for t in (c1, c2))
            dx = r * (u - c1 - n * c2)
            if bug == "NB-05":
                dx = r * (u - gain * n * c2)
            dw = g * c * r if bug == "NB-18" else g * n
            if bug == "NB-13":
                total = torch.zeros_like(w, dtype=torch.bfloat16)
                for row in dw.flatten(0, -2):
                    total = total + row.to(torch.bfloat16)
                dw = total.to(w.dtype)
            else:
                dw = dw.flatten(0, -2).sum(0)
            if bug == "NB-17":
                dw = torch.zeros_like(w)
            return dx, dw, None, None, None

    class Planted(Block):
        def norm(self, n, name, x):
            weight, bias = self.params.get(name + ".weight"), self.params.get(name + ".bias")
            centres, eps, offset, d = n["kind"] == "layer_norm", n["eps"], n["gain_offset"], x.shape[-1]
            if bug.startswith("NB-") and bug not in ("NB-07", "NB-27"):
                y = NormBackward.apply(x, weight, centres, eps, offset)
                return y if bias is None else y + bias
            if bug == "NB-27":
                y = super().norm(n, name, x)
                return y.detach() if name.endswith("attn.norm_in") else y
            if not bug.startswith(("LN-", "RMS-")):
                return super().norm(n, name, x)
            if bug == "LN-20":
                x = torch.cat((x[:, :1], x[:, :-1]), 1)
            c = x - x.mean(-1, keepdim=True) if centres else x
            v = (c * c).mean(-1, keepdim=True)
            if bug == "LN-04":
                r = torch.rsqrt((c * c).sum(-1, keepdim=True) / (d + eps))
            elif bug == "LN-14":
                padded = (d + 31) // 32 * 32
                v = ((c * c).sum(-1, keepdim=True) + (padded - d) * x.mean(-1, keepdim=True) ** 2) / d
                r = torch.rsqrt(v + eps)
            elif bug == "LN-15":
                first = x[..., :32]
                c = first - first.mean(-1, keepdim=True)
                r = torch.rsqrt((c * c).mean(-1, keepdim=True) + eps)
                c = torch.nn.functional.pad(c, (0, d - 32))
                y = c * r * weight + bias
                return torch.nn.functional.pad(y[..., :32], (0, d - 32))
            elif bug == "LN-17":
                c = x - x.mean((1, 2), keepdim=True)
                r = torch.rsqrt((c * c).mean((1, 2), keepdim=True) + eps)
            elif bug == "LN-07":
                r = torch.rsqrt(v + 1e-12)
            elif bug == "RMS-05":
                r = torch.rsqrt(v + eps * x.abs().amax(-1, keepdim=True) ** 2)
            elif bug == "RMS-08":
                m = x - x.mean(-1, keepdim=True)
                r = torch.rsqrt((m * m).mean(-1, keepdim=True) + eps)
            elif bug == "RMS-13":
                r = bf16(torch.rsqrt(v + eps))
            elif bug == "RMS-18":
                r = torch.rsqrt((x[..., ::2] ** 2).mean(-1, keepdim=True) + eps)
            elif bug == "RMS-22":
                r = torch.rsqrt((x[..., : (d + 1) // 2] ** 2).sum(-1, keepdim=True) / d + eps)
            else:
                r = torch.rsqrt(v + eps)
            gain = weight + offset
            if bug == "RMS-10":
                gain = with_derivative_of(weight, weight)
            if bug == "RMS-11":
                gain = bf16(weight + offset)
            y = c * r * gain
            return y if bias is None else y + bias

        def __call__(self, x):
            if self.spec["part"] == "add_norm" and bug in ("RMS-25", "NB-07"):
                total = self.join("attn", x, self.params["residual"], x)
                if bug == "RMS-25":
                    return {"y": self.norm_part(x), "sum": total}
                y = self.norm_part(total)
                n = self.norm_part(total)
                return {"y": y, "sum": with_derivative_of(total, n)}
            return super().__call__(x)

        def join(self, which, block_input, r, b):
            if bug == "BLK-06" and which == "attn":
                return b + b
            if bug == "BLK-18":
                return super().join(which, block_input, r, b / 4)
            if bug == "BLK-scale":
                self.spec = {**self.spec, "residual_scale": 1.5}
            return super().join(which, block_input, r, b)

        @property
        def residual_is_normed(self):
            return getattr(self, "normed", False) or super().residual_is_normed

        def attention_sublayer(self, p, x):
            self.normed = bug == "BLK-02"
            return super().attention_sublayer(p, x)

        def ffn_sublayer(self, p, block_input, x):
            self.normed = bug == "BLK-03"
            return super().ffn_sublayer(p, block_input, x)

        def parallel(self, p, x):
            if bug != "BLK-15":
                return super().parallel(p, x)
            shared = self.spec["parallel_shared_norm"]
            u = self.in_slot(self.attn_norms, "in", p if shared else p + "attn.", x)
            return self.join("attn", x, x, self.attention(p + "attn.", u) + self.feed_forward(p + "ffn.", x))

        def scale(self):
            a = self.spec["attention"]
            if bug == "ATT-05":
                return 1 / math.sqrt(self.spec["d"] / a["n_heads"])
            return super().scale()

        def mask(self, queries, keys):
            seen = super().mask(queries, keys)
            if bug == "ATT-28":
                i, j = torch.arange(queries)[:, None] + keys - queries, torch.arange(keys)[None]
                return (j < i) | (j == 0)
            if bug == "ATT-31":
                i, j = torch.arange(queries)[:, None] + keys - queries, torch.arange(keys)[None]
                return j <= i
            return seen

        def weights(self, scores, seen, cap):
            if bug == "ATT-10":
                extra = -scores.shape[-1] % 16
                padded = torch.nn.functional.pad(scores, (0, extra))
                return torch.softmax(padded, -1)[..., : scores.shape[-1]]
            if bug == "ATT-18":
                return torch.softmax(torch.where(seen, scores, torch.tensor(-1e-9)), -1)
            if bug == "ATT-21":
                return torch.softmax(scores + seen, -1)
            if bug == "TILE-16":
                tops = torch.stack([scores[..., : (k // 16 + 1) * 16].amax(-1) for k in range(scores.shape[-1])], -1)
                p = torch.exp(scores - tops.detach())
                return p / p.sum(-1, keepdim=True)
            if bug == "ATB-05":
                p = super().weights(scores, seen, cap)
                return with_derivative_of(p, torch.softmax(scores, -1))
            return super().weights(scores, seen, cap)

        def sdpa(self, q, k, v):
            a = self.spec["attention"]
            if bug == "HD-02":
                group = a["n_heads"] // a["n_kv_heads"]
                heads = [min(h // a["n_kv_heads"], a["n_kv_heads"] - 1) for h in range(a["n_heads"])]
                k, v = k[:, :, heads], v[:, :, heads]
                self.spec = {**self.spec, "attention": {**a, "n_kv_heads": a["n_heads"]}}
                y = super().sdpa(q, k, v)
                self.spec = {**self.spec, "attention": {**a, "n_kv_heads": a["n_heads"] // group}}
                return y
            y = super().sdpa(q, k, v)
            if bug == "HD-04":
                y = torch.cat((y[:, :, :-1], torch.zeros_like(y[:, :, -1:])), 2)
            if bug == "ATB-09":
                shifted = torch.roll(v, 1, -1)
                y = with_derivative_of(y, super().sdpa(q, k, with_derivative_of(v, shifted)))
            return y

        def linear(self, name, x, biased=True):
            if bug == "HD-11" and name.endswith("q_proj"):
                return self.a.linear(x, self.params[name + ".weight"].t(), self.params.get(name + ".bias"))
            if bug == "HD-06" and name.endswith(("q_proj", "k_proj", "v_proj")):
                a, p = self.spec["attention"], name[: -len("q_proj")]
                h, width = a["n_heads"], a["head_dim"]
                for what in ("weight", "bias"):
                    parts = [self.params.get(f"{p}{n}_proj.{what}") for n in "qkv"]
                    if parts[0] is None:
                        fused_bias = None
                        continue
                    fused = torch.stack([t.unflatten(0, (h, width)) for t in parts], 1).flatten(0, 2)
                    fused = fused.unflatten(0, (3, h * width))["qkv".index(name[-6])]
                    if what == "weight":
                        weight = fused
                    else:
                        fused_bias = fused
                return self.a.linear(x, weight, fused_bias)
            if bug == "FFN-30" and name.endswith(("gate_proj", "up_proj")):
                name = name.replace("gate_proj", "?").replace("up_proj", "gate_proj").replace("?", "up_proj")
            y = super().linear(name, x, biased)
            if bug == "FFN-14" and self.params.get(name + ".bias") is not None:
                b = self.params[name + ".bias"]
                y = y.detach() - (b.detach() - b) * 0 + (y - b) - (y - b).detach() + (b / x.shape[1] - (b / x.shape[1]).detach())
            return y

        def feed_forward(self, prefix, x):
            if bug != "FFN-17":
                return super().feed_forward(prefix, x)
            g, u = self.params[prefix + "gate_proj.weight"], self.params[prefix + "up_proj.weight"]
            both, n = torch.cat((g, u)), g.shape[0]
            half = n // 2
            rows = lambda *parts: torch.cat(parts)  # noqa: E731
            gate = rows(both[:half], both[n : n + n - half])
            up = rows(both[half:n], both[n + n - half :])
            h = torch.nn.functional.silu(self.a.linear(x, gate, None)) * self.a.linear(x, up, None)
            return self.linear(prefix + "down_proj", h)

        def with_derivative(self, activation):
            if bug == "FFN-03":
                return lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.04553992412 * x**3)))
            if bug == "FFN-06":
                return lambda x: torch.where(x < -2.5, torch.zeros_like(x), activation(x))
            return super().with_derivative(activation)

        def rotated(self, x, keys):
            rope = self.spec["position"]["rope"]
            if not bug.startswith("POS-"):
                return super().rotated(x, keys)
            r, base = rope["rotary_dim"], rope["base"]
            if bug == "POS-base":
                base = 25000
            position = torch.arange(x.shape[1], dtype=torch.float64) + (2 if bug == "POS-10" and keys else 0)
            frequency = base ** (-torch.arange(0, r, 2, dtype=torch.float64) / r)
            if bug == "POS-04":
                angle = position[:, None].to(torch.bfloat16) * frequency.to(torch.bfloat16)
                angle = angle.to(torch.float64)
            else:
                angle = position[:, None] * frequency
            cos, sin = (f(angle)[None, :, None] for f in (torch.cos, torch.sin))
            if bug == "POS-05":
                cos, sin = cos.to(torch.bfloat16), sin.to(torch.bfloat16)
            cos, sin = cos.to(x.dtype), sin.to(x.dtype)
            a, b = x[..., :r].chunk(2, -1)
            if bug == "POS-01":
                cos, sin = (torch.repeat_interleave(t, 2, -1) for t in (cos, sin))
                half = r // 2
                y1 = a * cos[..., :half] - b * sin[..., :half]
                y2 = b * cos[..., half:] + a * sin[..., half:]
                return torch.cat((y1, y2, x[..., r:]), -1)
            return torch.cat((a * cos - b * sin, a * sin + b * cos, x[..., r:]), -1)

    return Planted
