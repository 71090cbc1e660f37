"""How the block's operations are carried out: in which types, and in which order sums are taken."""

import functools

import torch
import torch.nn.functional as F

TYPES = {  # profile: storage, and what kernels compute in
    "float64": (torch.float64, torch.float64),
    "float32": (torch.float32, torch.float32),
    "autocast-bfloat16": (torch.float32, torch.float32),
    "autocast-float16": (torch.float32, torch.float32),
    "bfloat16-mixed": (torch.bfloat16, torch.float32),
    "bfloat16": (torch.bfloat16, torch.bfloat16),
    "float16-mixed": (torch.float16, torch.float32),
    "float16": (torch.float16, torch.float16),
}


class Eager:
    """Each kernel reads stored tensors, computes in its own type, and rounds its result to the storage type once.
    Autograd then does the same to cotangents."""

    has_own_attention = False

    def __init__(self, profile):
        self.storage, self.compute = TYPES[profile]

    def kernel(self, f, *tensors):
        return f(*(t.to(self.compute) for t in tensors)).to(self.storage)

    def matmul(self, a, b):
        return a @ b

    def linear(self, x, weight, bias):
        return F.linear(x, weight, bias)

    def softmax(self, scores):
        return torch.softmax(scores, -1)

    def norm(self, x, weight, bias, eps, centres, offset):
        tensors = [t for t in (x, weight, bias) if t is not None]

        def compute(x, *rest):
            if centres:
                x = x - x.mean(-1, keepdim=True)
            y = x * torch.rsqrt((x * x).mean(-1, keepdim=True) + eps)
            rest = list(rest)
            if weight is not None:
                y = y * (rest.pop(0) + offset)
            return y + rest.pop(0) if bias is not None else y

        return self.kernel(compute, *tensors)


class Finer(Eager):
    """Everything in float64; only what is given and what is answered has the declared type."""

    def __init__(self, profile):
        self.storage = self.compute = torch.float64


class Ordered(Eager):
    """Products whose sums are taken one by one, in their own or in a random order, backward too."""

    shuffles = False

    def matmul(self, a, b):
        return _OneByOne.apply(a, b, self.compute, self.shuffles).to(self.storage)

    def linear(self, x, weight, bias):
        y = _OneByOne.apply(x, weight.transpose(-1, -2), self.compute, self.shuffles)
        return (y if bias is None else y + bias.to(self.compute)).to(self.storage)


class Sequential(Ordered):
    pass


class Shuffled(Ordered):
    shuffles = True


def _one_by_one(a, b, shuffles):
    order = torch.randperm(a.shape[-1]) if shuffles else torch.arange(a.shape[-1])
    total = torch.zeros(())
    for k in order:
        total = total + a[..., :, k, None] * b[..., k, None, :]
    return total.to(a.dtype)


def _folded(t, shape):
    while t.dim() > len(shape):
        t = t.sum(0)
    return t


class _OneByOne(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b, dtype, shuffles):
        ctx.save_for_backward(a, b)
        ctx.dtype, ctx.shuffles = dtype, shuffles
        return _one_by_one(a.to(dtype), b.to(dtype), shuffles)

    @staticmethod
    def backward(ctx, g):
        a, b = (t.to(ctx.dtype) for t in ctx.saved_tensors)
        da = _one_by_one(g, b.transpose(-1, -2), ctx.shuffles)
        if b.dim() == 2 and a.dim() > 2:  # a linear layer: every token is a row
            a, g = a.flatten(0, -2), g.flatten(0, -2)
        db = _one_by_one(a.transpose(-1, -2), g, ctx.shuffles)
        return da.to(ctx.saved_tensors[0].dtype), db.to(ctx.saved_tensors[1].dtype), None, None


class Transposed(Eager):
    """Activations stand in columns: y = (W x^T)^T, from weights that are laid out anew."""

    def linear(self, x, weight, bias):
        y = (weight.t().contiguous().t() @ x.flatten(0, -2).t().contiguous()).t()
        y = y.unflatten(0, x.shape[:-1])
        return y if bias is None else y + bias


class Online(Eager):
    """Attention block by block of keys, with a running maximum and a running sum."""

    has_own_attention = True
    block = 3

    def attention(self, q, k, v, scale, cap, seen):
        def kernel(q, k, v):
            top = torch.full((*q.shape[:-1], 1), -torch.inf, dtype=q.dtype)
            weight, total = torch.zeros_like(top), torch.zeros(*q.shape[:-1], v.shape[-1], dtype=q.dtype)
            for first in range(0, k.shape[-2], self.block):
                part = slice(first, first + self.block)
                s = q @ k[..., part, :].transpose(-1, -2) * scale
                if cap is not None:
                    s = cap * torch.tanh(s / cap)
                s = s.masked_fill(~seen[:, part], -torch.inf)
                higher = torch.maximum(top, s.amax(-1, keepdim=True)).detach()
                safe = torch.where(higher.isinf(), torch.zeros_like(higher), higher)
                p, shrink = torch.exp(s - safe), torch.exp(torch.where(top.isinf(), top, top - safe))
                weight = weight * shrink + p.sum(-1, keepdim=True)
                total = total * shrink + p @ v[..., part, :]
                top = higher
            return total / weight

        return self.kernel(kernel, q, k, v)


class Recomputed(Eager):
    """Attention that keeps only the logarithm of each row's sum, and computes probabilities a second time on the
    way back, with sum(g o) for the row's mean of cotangents."""

    has_own_attention = True

    def attention(self, q, k, v, scale, cap, seen):
        return _Recomputed.apply(q, k, v, scale, cap, seen, self.compute).to(self.storage)


class _Recomputed(torch.autograd.Function):
    @staticmethod
    def scores(q, k, scale, cap, seen):
        s = q @ k.transpose(-1, -2) * scale
        t = torch.tanh(s / cap) if cap is not None else None
        return (s if cap is None else cap * t).masked_fill(~seen, -torch.inf), t

    @staticmethod
    def forward(ctx, q, k, v, scale, cap, seen, dtype):
        s, _ = _Recomputed.scores(q.to(dtype), k.to(dtype), scale, cap, seen)
        total = torch.logsumexp(s, -1, keepdim=True)
        y = torch.softmax(s, -1) @ v.to(dtype)
        ctx.save_for_backward(q, k, v, y.to(q.dtype), total)
        ctx.how = scale, cap, seen, dtype
        return y

    @staticmethod
    def backward(ctx, g):
        scale, cap, seen, dtype = ctx.how
        q, k, v, y, total = (t.to(dtype) for t in ctx.saved_tensors)
        s, t = _Recomputed.scores(q, k, scale, cap, seen)
        p = torch.exp(s - total)
        ds = p * (g @ v.transpose(-1, -2) - (g * y).sum(-1, keepdim=True))
        if cap is not None:
            ds = ds * (1 - t * t)
        storage = ctx.saved_tensors[0].dtype
        ds, p = ds.to(storage).to(dtype), p.to(storage).to(dtype)
        dq, dk, dv = ds @ k * scale, ds.transpose(-1, -2) @ q * scale, p.transpose(-1, -2) @ g
        return dq.to(storage), dk.to(storage), dv.to(storage), None, None, None, None


class Welford(Eager):
    """Norms whose statistics are Welford's recurrence, with the derivative written out."""

    def norm(self, x, weight, bias, eps, centres, offset):
        y = _Norm.apply(x, weight, bias, eps, centres, offset, self.compute)
        return y.to(self.storage)


class _Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps, centres, offset, dtype):
        u = x.to(dtype)
        mean, m2 = torch.zeros_like(u[..., :1]), torch.zeros_like(u[..., :1])
        for j in range(u.shape[-1]):
            step = u[..., j, None] - mean
            mean = mean + step / (j + 1) if centres else mean
            m2 = m2 + step * (u[..., j, None] - mean)
        factor = torch.rsqrt(m2 / u.shape[-1] + eps)
        hat = (u - mean) * factor
        gain = None if weight is None else weight.to(dtype) + offset
        y = hat if gain is None else hat * gain
        ctx.save_for_backward(hat, factor, gain)
        ctx.centres, ctx.types, ctx.has_bias = centres, (x.dtype, dtype), bias is not None
        return y if bias is None else y + bias.to(dtype)

    @staticmethod
    def backward(ctx, g):
        hat, factor, gain = ctx.saved_tensors
        storage, dtype = ctx.types
        u = g if gain is None else g * gain
        centre = u.mean(-1, keepdim=True) if ctx.centres else 0
        dx = factor * (u - centre - hat * (u * hat).mean(-1, keepdim=True))
        rows = tuple(range(g.dim() - 1))
        dw = None if gain is None else (g * hat).sum(rows).to(storage)
        db = g.sum(rows).to(storage) if ctx.has_bias else None
        return dx.to(storage), dw, db, None, None, None, None


class Autocast(Eager):
    """As torch.autocast has it: products of matrices read and write 16 bits, kernels between them what they read; norms,
    softmax and the residual stream are in float32. Sums are taken in float32 on every processor."""

    def __init__(self, profile):
        super().__init__(profile)
        self.branch = torch.float16 if profile == "autocast-float16" else torch.bfloat16

    def kernel(self, f, *tensors):
        widest = functools.reduce(torch.promote_types, (t.dtype for t in tensors))
        return f(*(t.to(self.compute) for t in tensors)).to(widest)

    def product(self, f, *tensors):
        return f(*(None if t is None else t.to(self.branch).to(self.compute) for t in tensors)).to(self.branch)

    def matmul(self, a, b):
        return self.product(torch.matmul, a, b)

    def linear(self, x, weight, bias):
        return self.product(F.linear, x, weight, bias)

    def softmax(self, scores):
        return torch.softmax(scores.to(self.compute), -1)

    def norm(self, x, weight, bias, eps, centres, offset):
        return super().norm(x.to(self.compute), weight, bias, eps, centres, offset)


_ALL = (Eager, Finer, Sequential, Shuffled, Transposed, Online, Recomputed, Welford)
VARIANTS = {c.__name__.lower(): c for c in _ALL}


def arithmetic_of(variant, profile):
    return (Autocast if profile.startswith("autocast-") else VARIANTS[variant])(profile)
