"""Tiled attention with a running maximum and sum; the running sum is not rescaled from the second tile of 16 keys on.
A classic of hand-written kernels. Run: plumbline verify --spec sum_not_rescaled.json --no-grads -- python3 sum_not_rescaled.py [--right]"""
import sys
import numpy as np
from plumbline_client import main

RIGHT = "--right" in sys.argv
sys.argv = [a for a in sys.argv if not a.startswith("--")]
TILE, f = 16, np.float32


def sdpa(request):
    a = request.spec["attention"]
    q, k, v = (request.tensors[n].astype(f).transpose(0, 2, 1, 3) for n in "qkv")
    k, v = (t.repeat(a["n_heads"] // a["n_kv_heads"], 1) for t in (k, v))
    rows, keys, h = q.shape[2], k.shape[2], q.shape[3]
    top, total, out = np.full(q.shape[:3] + (1,), -np.inf, f), np.zeros(q.shape[:3] + (1,), f), np.zeros_like(q)
    for j in range(0, keys, TILE):
        s = q @ k[:, :, j : j + TILE].transpose(0, 1, 3, 2) / f(np.sqrt(h))
        seen = np.arange(j, min(j + TILE, keys))[None] <= np.arange(rows)[:, None] + keys - rows
        s = np.where(seen, s, -np.inf)
        new = np.maximum(top, s.max(-1, keepdims=True))
        p, shrink = np.exp(s - new), np.exp(top - new)
        total = total * (shrink if RIGHT or j == 0 else f(1)) + p.sum(-1, keepdims=True)
        out, top = out * (shrink if RIGHT or j == 0 else f(1)) + p @ v[:, :, j : j + TILE], new
    return {"y": (out / total).transpose(0, 2, 1, 3).astype(request.dtype)}


main(sdpa)
